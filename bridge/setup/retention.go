package setup

import (
	"fmt"
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

// readRetention sets for how many days records are kept, as far as the group says so; 0 means as usual.
func (g *Group) readRetention(to *store.RetentionDays) {
	group := g.Group("retention")
	if group == nil {
		return
	}

	for _, k := range RetentionKeys() {
		t := group.Text(k.Name)
		if t == nil {
			continue
		}

		days, ok := k.Parse(strings.TrimSpace(t.Value))
		if !ok {
			group.Fault(t.At, k.Name, fmt.Sprintf("%q isn't a number of days that can be chosen", t.Raw),
				fmt.Sprintf("Write a number from %d to %d; empty means the usual one.", k.Min, store.MaxRetentionDays))
		}

		k.Set(to, days)
	}

	group.Done()
}
