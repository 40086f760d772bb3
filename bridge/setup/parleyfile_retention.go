package setup

import (
	"fmt"
	"strings"

	"parley/store"
)

// readRetention reads the days of the group, by the names of its keys; 0 means as usual.
func (o *object) readRetention() map[string]int {
	group := o.group("retention")
	if group == nil {
		return nil
	}

	given := map[string]int{}
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

		given[k.Name] = days
	}

	group.Done()
	return given
}
