# The first process of a machine: its folder becomes /srv, the folder of its receipts (/run/lock) is its own and empty,
# and what is enabled is started. SIGTERM is the power switch: when this ends, the kernel ends all that ran here.
#   NAME FOLDER
hostname "$1"
mount --bind "$2" /srv
mount -t tmpfs -o mode=1777 tmpfs /run/lock
[ ! -d /run/orch ] || mount -t tmpfs -o mode=1777 tmpfs /run/orch
cd /
export PATH="/srv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
trap 'exit 0' TERM
rm -f /srv/*.pid
/bin/sh /srv/boot.sh
/usr/sbin/sshd -f /srv/sshd_config -E /srv/sshd.log
while :; do
    sleep 3600 &
    wait $!
done
