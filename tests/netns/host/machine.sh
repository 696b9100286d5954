# A machine's power supply: as long as this runs the machine has a cable and processes, and when the machine ends, both
# are gone. The other end of the cable is in the bridge br0 of the namespace AT (a gateway's, a hypervisor's). For a
# guest this runs on its hypervisor, and ends with it.
#   NAME NETNS ADDRESS/LENGTH ROUTER FOLDER AT
# The machine has its own network, mounts, process ids, host name and IPC. Its first process is init.sh; it ends with it.
set -eu
name=$1 netns=$2 address=$3 router=$4 folder=$5 at=$6
# The same hardware address each time, as a machine has: nobody's neighbour table is out of date after a reboot.
# shellcheck disable=SC2046
mac=$(printf '02:00:%02x:%02x:%02x:%02x' $(echo "${address%/*}" | tr . ' '))
ip -n "$at" link add "p-$name" type veth peer name eth0 address "$mac" netns "$netns"
ip -n "$at" link set "p-$name" master br0 up
ip -n "$netns" addr add "$address" dev eth0
ip -n "$netns" link set lo up
ip -n "$netns" link set eth0 up
ip -n "$netns" route replace default via "$router"
# Whatever becomes of this shell, the machine does not outlive it.
setpriv --pdeathsig KILL ip netns exec "$netns" \
    unshare --mount --uts --ipc --pid --fork --kill-child=KILL --mount-proc \
    /bin/sh "$folder/init.sh" "$name" "$folder" || :
ip -n "$at" link del "p-$name"
