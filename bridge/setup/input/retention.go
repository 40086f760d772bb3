package input

import (
	"fmt"
	"strconv"

	"parley/store/retention"
)

// RetentionKey is one number of days that the file's group retention: has.
type RetentionKey struct {
	Name  string
	label string
	help  string
	Least int
	In    func(*retention.Days) *int // where it is kept
}

// RetentionKeys lists all keys of the group.
func RetentionKeys() []RetentionKey {
	return []RetentionKey{
		{
			Name:  "arrived_days",
			label: "Days for which what arrived is kept",
			help: "As it came: it is there to look into a fault, and to apply what could not be applied. Reactions, " +
				"and texts that went to no customer, are kept as long.",
			Least: retention.MinArrived,
			In:    func(d *retention.Days) *int { return &d.Arrived },
		},
		{
			Name:  "ended_days",
			label: "Days for which deliveries are kept after a conversation's end",
			help: "What was sent when, how often it was tried, and what was suggested. What colleagues were told " +
				"outside of threads is kept as long. Messages and the log stay for ever.",
			Least: retention.MinEnded,
			In:    func(d *retention.Days) *int { return &d.Ended },
		},
	}
}

// retentionFields are the values of the group, for a page.
func retentionFields() (list []Field) {
	usual := retention.DefaultDays()
	for _, k := range RetentionKeys() {
		list = append(list, Field{
			Path: "retention." + k.Name, Label: k.label, Input: InputLine, Default: strconv.Itoa(*k.In(&usual)),
			Help: fmt.Sprintf("%s From %d to %d.", k.help, k.Least, retention.MaxDays),
		})
	}
	return list
}

// Days reads a number of days; an empty text is 0, which means as usual. ok is false if the number can't be chosen.
func (k RetentionKey) Days(text string) (days int, ok bool) {
	if text == "" {
		return 0, true
	}
	days, err := strconv.Atoi(text)
	if err != nil || days < k.Least || days > retention.MaxDays {
		return 0, false
	}
	return days, true
}

// Text writes a number of days as Days reads it.
func (k RetentionKey) Text(days int) string {
	if days == 0 {
		return ""
	}
	return strconv.Itoa(days)
}
