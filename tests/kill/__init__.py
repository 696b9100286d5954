"""The kill -9 campaign: the real command, really killed, at named failpoints and at random moments.

`failpoints` names every moment in one place, `wrapping` makes a process die there: nothing of it stands in the product.
`child` is a process that runs one command, `forks` hands them out fast, `power` is the loss of what was not fsynced.
`estate` is what is killed, on the twin (`on_twin`) or on real sshd (`on_sshd`), `nights` are the ways in which a run is
killed and taken up again, `judge` counts by the hosts' own logs, `campaign` deals kills out, `trial` is one of them.
"""
