package setup

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge/setup/document"
	"parley/store"
	"parley/store/retention"
)

// retentionKey is one number of days that the file's group retention: has.
type retentionKey struct {
	name  string
	label string
	help  string
	least int
	in    func(*retention.Days) *int // where it is kept
}

func retentionKeys() []retentionKey {
	return []retentionKey{
		{"arrived_days", "Days for which what arrived is kept", "As it came: it is there to look into a fault, and to apply what could not be applied. Reactions, and texts that went to no customer, are kept as long.",
			retention.LeastArrived, func(d *retention.Days) *int { return &d.Arrived }},
		{"ended_days", "Days for which deliveries are kept after a conversation's end", "What was sent when, how often it was tried, and what was suggested. Messages and the log stay for ever.",
			retention.LeastEnded, func(d *retention.Days) *int { return &d.Ended }},
	}
}

// retentionFields are the values of the group, for a page.
func retentionFields() (list []Field) {
	usual := retention.Usual()
	for _, k := range retentionKeys() {
		list = append(list, Field{Path: "retention." + k.name, Label: k.label, Help: fmt.Sprintf("%s From %d to %d.", k.help, k.least, retention.MostDays),
			Input: InputLine, Default: strconv.Itoa(*k.in(&usual))})
	}
	return list
}

// RetentionOf gives for how many days records would be kept if some values of a page counted; what can't be chosen is as
// usual, as is what is no number that can be chosen: ok is false then.
func RetentionOf(values map[string][]string) (d retention.Days, ok bool) {
	ok = true
	for _, k := range retentionKeys() {
		text := strings.TrimSpace(strings.Join(values["retention."+k.name], ""))
		days, fits := k.days(text)
		*k.in(&d) = days
		ok = ok && fits
	}
	return d, ok
}

// days reads a number of days; 0 = as usual, ok is false if it can't be chosen.
func (k retentionKey) days(text string) (days int, ok bool) {
	if text == "" {
		return 0, true
	}
	days, err := strconv.Atoi(text)
	if err != nil || days < k.least || days > retention.MostDays {
		return 0, false
	}
	return days, true
}

// retention reads the group: by the names of its keys the days, 0 = as usual.
func (o *object) retention() map[string]int {
	group := o.group("retention")
	if group == nil {
		return nil
	}
	given := map[string]int{}
	for _, k := range retentionKeys() {
		t := group.Text(k.name)
		if t == nil {
			continue
		}
		days, ok := k.days(strings.TrimSpace(t.Value))
		if !ok {
			group.Fault(t.At, k.name, fmt.Sprintf("%q is no number of days that can be chosen", t.Raw),
				fmt.Sprintf(`Write a number from %d to %d, or "" for the usual one.`, k.least, retention.MostDays))
		}
		given[k.name] = days
	}
	group.Done()
	return given
}

// setRetention takes over the days that the file names.
func (o *overlay) setRetention(given map[string]int) {
	for _, k := range retentionKeys() {
		if days, named := given[k.name]; named {
			*k.in(&o.retention) = days
		}
	}
}

// retentionOf adds to a state for how many days records are kept.
func (s *state) retentionOf(ctx context.Context, q store.Querier) (err error) {
	s.retention, err = retention.ReadDays(ctx, q)
	return err
}

// retentionAttributes are the days, for the list of changes.
func retentionAttributes(d retention.Days) (list []attribute) {
	for _, k := range retentionKeys() {
		list = append(list, attribute{name: k.name, value: daysText(*k.in(&d)), empty: "(default)"})
	}
	return list
}

// exportRetention writes the days that differ from what is usual.
func (s *state) exportRetention(file *document.Draft) {
	for _, k := range retentionKeys() {
		if days := *k.in(&s.retention); days != 0 {
			file.Sub("retention").Put(k.name, document.Plain(daysText(days)))
		}
	}
}

// daysText writes a number of days; "" = as usual.
func daysText(days int) string {
	if days == 0 {
		return ""
	}
	return strconv.Itoa(days)
}

func (w *work) saveRetention(ctx context.Context, tx pgx.Tx) error {
	if w.have.retention == w.want.retention {
		return nil
	}
	return retention.SaveDays(ctx, tx, w.want.retention)
}
