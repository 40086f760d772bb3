package setup

import (
	"strings"

	"parley/bridge/setup/input"
	"parley/store/retention"
)

// RetentionOf gives for how many days records would be kept if some values of a page counted; what can't be chosen is as
// usual, as is what is no number that can be chosen: ok is false then.
func RetentionOf(values map[string][]string) (d retention.Days, ok bool) {
	ok = true
	for _, k := range input.RetentionKeys() {
		text := strings.TrimSpace(strings.Join(values["retention."+k.Name], ""))
		days, fits := k.Days(text)
		*k.In(&d) = days
		ok = ok && fits
	}
	return d, ok
}
