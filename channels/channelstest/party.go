package channelstest

import (
	"cmp"
	"strings"

	"parley/channels"
)

// isLasting reports whether a key is an id that stays one person's for good.
func isLasting(key string) bool { return strings.HasPrefix(key, "US.") }

// partyOf returns somebody by an address or another key. As in mail, addresses that differ in their letters' case are the same.
func partyOf(address string) channels.Party {
	key := strings.ToLower(address)
	if key == address || !strings.Contains(address, "@") {
		return channels.Party{Key: address}
	}
	return channels.Party{Key: key, Address: address}
}

func partiesOf(addresses []string) []channels.Party {
	var list []channels.Party
	for _, a := range addresses {
		list = append(list, partyOf(a))
	}
	return list
}

// partyAddresses returns where something is sent.
func partyAddresses(list []channels.Party) []string {
	addresses := []string{}
	for _, p := range list {
		addresses = append(addresses, cmp.Or(p.Address, p.Key))
	}
	return addresses
}
