package setup

import (
	"strings"

	"parley/store"
)

// RetentionOf returns for how many days records would be kept with the values of a page. A value that can't be chosen counts
// as the usual one, and ok is false then.
func RetentionOf(values map[string][]string) (d store.RetentionDays, ok bool) {
	ok = true
	for _, k := range RetentionKeys() {
		text := strings.TrimSpace(strings.Join(values["retention."+k.Name], ""))
		days, fits := k.Parse(text)
		k.Set(&d, days)
		ok = ok && fits
	}
	return d, ok
}
