"""The keywords of an ssh_config: which orch takes, which would change the way, which have no bearing (section 8).

What would change the way and can't be done is a problem where it is said of a host of the inventory; what has no
bearing on orch (keepalives, forwarding, ciphers, where other programs keep host keys) is passed over.
"""

from collections.abc import Mapping

TAKEN = frozenset({"hostname", "port", "user", "identityfile", "proxyjump"})

REFUSED: Mapping[str, tuple[frozenset[str], str]] = {
    "proxycommand": (frozenset({"none"}), "Say the way by ProxyJump, or by the zone's gateway."),
    "proxyusefdpass": (frozenset({"no"}), "Say the way by ProxyJump, or by the zone's gateway."),
    "canonicalizehostname": (frozenset({"no", "none"}), "Write each host's whole name or number as its HostName."),
    "bindaddress": (frozenset(), "orch leaves it to the system by which address it goes out."),
    "bindinterface": (frozenset(), "orch leaves it to the system by which interface it goes out."),
    "identityagent": (frozenset({"none", "ssh_auth_sock", "$ssh_auth_sock"}), "Set SSH_AUTH_SOCK to that agent."),
    "certificatefile": (frozenset({"none"}), "orch takes the certificate that lies beside the key (KEY-cert.pub)."),
    "pkcs11provider": (frozenset({"none"}), "Load the keys into the agent (ssh-add -s)."),
}
"""keyword -> values (in lower case) with which it changes nothing, and what to do about the others."""

_NO_BEARING = """
addkeystoagent addressfamily batchmode canonicaldomains canonicalizefallbacklocal canonicalizemaxdots
canonicalizepermittedcnames casignaturealgorithms challengeresponseauthentication channeltimeout checkhostip cipher
ciphers clearallforwardings compression compressionlevel connectionattempts connecttimeout controlmaster controlpath
controlpersist dynamicforward dsaauthentication enableescapecommandline enablesshkeysign escapechar
exitonforwardfailure fingerprinthash forkafterauthentication forwardagent forwardx11 forwardx11timeout
forwardx11trusted gatewayports globalknownhostsfile gssapiauthentication gssapiclientidentity
gssapidelegatecredentials gssapikexalgorithms gssapikeyexchange gssapirenewalforcesrekey gssapiserveridentity
gssapitrustdns hashknownhosts hostbasedacceptedalgorithms hostbasedauthentication hostbasedkeytypes hostkeyalgorithms
hostkeyalias identitiesonly ipqos kbdinteractiveauthentication kbdinteractivedevices keepalive
keyboardinteractiveauthentication kexalgorithms knownhostscommand localcommand localforward loglevel logverbose macs
nohostauthenticationforlocalhost numberofpasswordprompts obscurekeystroketiming passwordauthentication
permitlocalcommand permitremoteopen preferredauthentications protocol pubkeyacceptedalgorithms pubkeyacceptedkeytypes
pubkeyauthentication rekeylimit refuseconnection remotecommand remoteforward requesttty requiredrsasize
revokedhostkeys rhostsrsaauthentication rsaauthentication securitykeyprovider sendenv serveralivecountmax
serveraliveinterval sessiontype setenv skeyauthentication smartcarddevice stdinnull streamlocalbindmask
streamlocalbindunlink stricthostkeychecking syslogfacility tag tcpkeepalive tunnel tunneldevice updatehostkeys
usekeychain useprivilegedport userknownhostsfile useroaming usersh verifyhostkeydns versionaddendum visualhostkey
warnweakcrypto xauthlocation
"""

KEYWORDS = TAKEN | REFUSED.keys() | frozenset(_NO_BEARING.split()) | {"host", "match", "include", "ignoreunknown"}
"""All that OpenSSH (with what macOS and Debian add) knows."""
