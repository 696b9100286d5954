# Looks at a Linux host for `orch probe` (contract section 9). Reads only: it writes nothing, not even a temporary file.
# What is sent is this text without its comments (hosts/look.py), always the same; what differs comes as arguments:
#   LOGIN SUDO COUNT TOOL...
#   LOGIN  whose receipt folder is looked for
#   SUDO   sudo: ask whether sudo runs anything without a password; -: nothing here needs it
#   COUNT  so many TOOLs are looked for in the PATH that a command has here; the others in the PATH that sudo gives
# Each line that answers begins with "orch-look": what start-up files and banners print around it is passed over.
# Must run in dash, bash and busybox ash.
login=$1 sudo=$2 count=$3 n=0
shift 3
say() { printf "orch-look %s\n" "$*"; }
echo
say begin 1
say clock $(date +%s.%N)
say shell "${SHELL:--}"

# As hosts/receipt.sh chooses its folder, but making nothing.
place=/run/orch
[ -d $place ] && [ -w $place ] || place=/run/lock
[ -d $place ] && [ -w $place ] || place=-
folder=$place/orch-$login state=new generation=- lacks=
if [ $place = - ]; then
state=none
elif [ -L $folder ]; then
state=foreign
elif [ -e $folder ]; then
state=foreign
if [ -d $folder ] && [ -O $folder ] && [ -w $folder ]; then
state=ours
read -r generation 2>/dev/null <$folder/generation
fi
fi
for each in flock mkfifo head; do
command -v $each >/dev/null 2>&1 || lacks="$lacks $each"
done
say receipts $place $state "${generation:--}" $lacks

while [ $n -lt $count ]; do
n=$((n+1))
found=$(command -v "$1" 2>/dev/null)
if [ "$found" ]; then
say tool $n "$found"
else
# PATH over SSH has no sbin: a tool that only root's PATH has is there, and yet not found.
for each in /usr/local/sbin /usr/sbin /sbin; do
[ -x "$each/$1" ] && found=$each/$1
done
say missing $n "$found"
fi
shift
done

if [ $sudo = sudo ]; then
said=$(LC_ALL=C sudo -n -- true 2>&1 </dev/null)
say sudo $? "$said"
if [ $# -gt 0 ]; then
LC_ALL=C sudo -n -- /bin/sh -c 'n=0
for each do
n=$((n+1))
printf "orch-look root %s %s\n" $n "$(command -v "$each" 2>/dev/null)"
done' orch-look "$@" 2>/dev/null </dev/null
fi
fi
say clock $(date +%s.%N)
say end
