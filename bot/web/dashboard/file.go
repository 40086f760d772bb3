package dashboard

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"time"

	"parley/bot/web"
)

// file answers with the figures as a table that other programs read: of each day, then by each group.
func (p pages) file(v *web.Visit) error {
	f, names, q, err := p.asked(v)
	if err != nil {
		return refused(v, err)
	}
	var body bytes.Buffer // as large as there are days, agents and tags: what can't be read is answered as an error
	w := csv.NewWriter(&body)
	head := []string{"by", "name", "new", "reopened", "resolved", "abandoned", "messages in", "messages out", "first answers", "first answers seconds",
		"next answers", "next answers seconds", "resolving seconds", "first answers median seconds", "next answers median seconds", "resolving median seconds"}
	_ = w.Write(head)
	if behind, err := p.desk.Behind(v.Context()); err != nil {
		return err
	} else if text := behind.words(); text != "" {
		_ = w.Write(append([]string{"note", text}, make([]string, len(head)-2)...))
	}
	for _, by := range append([]Group{ByDay}, groupsFor(f)...) {
		sums, err := p.desk.Sums(v.Context(), q, by, nil)
		if err != nil {
			return err
		}
		medians, err := p.desk.Medians(v.Context(), q, by, nil)
		if err != nil {
			return err
		}
		name := namer(by, names)
		for _, s := range sums {
			_ = w.Write(slices.Concat([]string{string(by), web.Cell(name(s.Value))}, s.cells(), medians[s.Value].cells(s.Figures)))
		}
	}
	w.Flush()
	h := v.Writer.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="figures-%s-%s-%s.csv"`, f.From, f.To, f.Hours))
	_, _ = v.Writer.Write(body.Bytes()) // or the browser went away
	return nil
}

func (f Figures) cells() (list []string) {
	for _, n := range []int64{f.New, f.Reopened, f.Resolved, f.Abandoned, f.In, f.Out, f.First.Count, f.First.Seconds, f.Next.Count, f.Next.Seconds, f.Ended.Seconds} {
		list = append(list, strconv.FormatInt(n, 10))
	}
	return list
}

// cells are whole seconds of each median of figures, or nothing where nothing was counted.
func (m Medians) cells(f Figures) []string {
	return []string{m.First.cell(f.First), m.Next.cell(f.Next), m.Ended.cell(f.Ended)}
}

func (m Median) cell(t Times) string {
	if t.Count == 0 {
		return ""
	}
	d, known := m.in(t)
	if !known {
		return notKnown
	}
	return strconv.FormatInt(int64(d/time.Second), 10)
}
