package setup

import (
	"fmt"
	"strconv"
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

// writeRetention writes how many days records are kept, where an admin has chosen a number. 0 means the default.
func writeRetention(file *Mapping, chosen store.RetentionDays) {
	for _, key := range RetentionKeys() {
		if days := key.Get(chosen); days != 0 {
			file.Child("retention").Put(key.Name, Plain(key.Format(days)))
		}
	}
}

// RetentionKey describes one setting of the retention section in parley.yaml. Each setting is the number of days after
// which Parley deletes records of one sort. For example, this file deletes incoming events after 14 days and keeps the
// default for everything else:
//
//	retention:
//	  arrived_days: 14
//
// 0 days means that nothing was chosen and the default applies. A file and a form write that as an empty value.
type RetentionKey struct {
	Name  string // the key in the file: "arrived_days"
	Min   int    // the smallest number that can be chosen; the largest is retention.MaxDays for all settings
	label string
	help  string
	field func(*store.RetentionDays) *int
}

// RetentionKeys lists all settings of the section, in the order of the file.
func RetentionKeys() []RetentionKey {
	return []RetentionKey{
		{
			Name:  "arrived_days",
			Min:   store.MinRetentionArrived,
			label: "Days to keep what arrived",
			help: "Everything that arrives is kept in its original form, so that faults can be investigated and events " +
				"that could not be applied can be replayed. Reactions, and texts that went to no customer, are kept for " +
				"the same time.",
			field: func(d *store.RetentionDays) *int { return &d.Arrived },
		},
		{
			Name:  "ended_days",
			Min:   store.MinRetentionEnded,
			label: "Days to keep deliveries after a conversation has ended",
			help: "Deliveries record what was sent, when, and after how many attempts. Suggested replies, and Parley's direct " +
				"messages to colleagues, are kept for the same time. Messages and the log are kept forever.",
			field: func(d *store.RetentionDays) *int { return &d.Ended },
		},
	}
}

// Get returns the setting's value in d.
func (k RetentionKey) Get(d store.RetentionDays) int { return *k.field(&d) }

// Set changes the setting's value in d.
func (k RetentionKey) Set(d *store.RetentionDays, days int) { *k.field(d) = days }

// Parse reads a number of days. An empty text is 0, the default. ok is false if the text isn't a number from Min to
// retention.MaxDays.
func (k RetentionKey) Parse(text string) (days int, ok bool) {
	if text == "" {
		return 0, true
	}
	days, err := strconv.Atoi(text)
	if err != nil || days < k.Min || days > store.MaxRetentionDays {
		return 0, false
	}
	return days, true
}

// Format writes a number of days in the form that Parse reads.
func (k RetentionKey) Format(days int) string {
	if days == 0 {
		return ""
	}
	return strconv.Itoa(days)
}

// retentionFields returns a form field for each setting of the section.
func retentionFields() []Field {
	defaults := store.DefaultRetentionDays()
	var fields []Field
	for _, k := range RetentionKeys() {
		fields = append(fields, Field{
			Path:    "retention." + k.Name,
			Label:   k.label,
			Help:    fmt.Sprintf("%s From %d to %d.", k.help, k.Min, store.MaxRetentionDays),
			Input:   InputLine,
			Default: k.Format(k.Get(defaults)),
		})
	}
	return fields
}
