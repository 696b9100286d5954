"""Public keys for the tables of this folder. Their private halves were thrown away."""

ED = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFU3FXZT6JG2zpeF0UrbteL1NwkYdVDPnNTupHeebrkb"
ED_FINGERPRINT = "SHA256:RnQIjoJ0OoCYScBs1CxwDFfSiWoPA3VRLuR5wju6tIE"
ED_HASHED_DB_01 = "|1|k+VSJfW3niW66FVhULvCzBQQyE0=|lm2Ei56PdALqraB+PvnKuWDrrVw= " + ED
ED_OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGBq355yrlW5i00Gjit/jaBr359RhbYd7y0wz5BL4TXp"
ECDSA = (
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBCKvap33oqnfFwPfKoeWkKdbR02gq/hcqJ5iqut7"
    "R9eKrr1AumU8jaxOSxoxpGdLzCVQCgiEu6nN07n20a0LvbU="
)
RSA_1024 = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDbkTWtHbF7MJxGeqB86WWlRUwxULI0wetHF+DcoNDBw32L58M8tQRVpp/OKCV4+DysMJ9poUBv"
    "qiJQFSEbgBxapgInX+7J7Qt15dMT5/iQbMdYhmbUk7UnHv5iUYH2ZcH9MGGfdgpWZvjEtKwPlvzDbUdhkjl+/9x8LKAthuk9cw=="
)
