package channelstest

import (
	"strings"

	"parley/channels"
)

// isLasting reports whether a key is an id that stays one person's for good.
func isLasting(key string) bool { return strings.HasPrefix(key, "US.") }

func partiesOf(keys []string) []channels.Party {
	var list []channels.Party
	for _, k := range keys {
		list = append(list, channels.Party{Key: k})
	}
	return list
}

func partyKeys(list []channels.Party) []string {
	keys := []string{}
	for _, p := range list {
		keys = append(keys, p.Key)
	}
	return keys
}
