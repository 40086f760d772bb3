package setup

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/store"
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

// retention reads the group: by the names of its keys the days, 0 = as usual.
func (o *object) retention() map[string]int {
	group := o.group("retention")
	if group == nil {
		return nil
	}
	given := map[string]int{}
	for _, k := range input.RetentionKeys() {
		t := group.Text(k.Name)
		if t == nil {
			continue
		}
		days, ok := k.Days(strings.TrimSpace(t.Value))
		if !ok {
			group.Fault(t.At, k.Name, fmt.Sprintf("%q is no number of days that can be chosen", t.Raw),
				fmt.Sprintf(`Write a number from %d to %d, or "" for the usual one.`, k.Least, retention.MostDays))
		}
		given[k.Name] = days
	}
	group.Done()
	return given
}

// setRetention takes over the days that the file names.
func (o *overlay) setRetention(given map[string]int) {
	for _, k := range input.RetentionKeys() {
		if days, named := given[k.Name]; named {
			*k.In(&o.retention) = days
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
	for _, k := range input.RetentionKeys() {
		list = append(list, attribute{name: k.Name, value: daysText(*k.In(&d)), empty: "(default)"})
	}
	return list
}

// exportRetention writes the days that differ from what is usual.
func (s *state) exportRetention(file *document.Draft) {
	for _, k := range input.RetentionKeys() {
		if days := *k.In(&s.retention); days != 0 {
			file.Sub("retention").Put(k.Name, document.Plain(daysText(days)))
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
