package dashboard

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"parley/bot/web"
)

// sendFile responds with the figures as CSV for other programs: first a row for each day, then a row for each team,
// agent and so on. For example (most columns left out):
//
//	by,name,new,reopened
//	day,2026-11-01,14,2
//	team,Billing,9,1
func (p pages) sendFile(v *web.Visit) error {
	f, names, q, err := p.readRequest(v)
	if err != nil {
		return refuse(v, err)
	}
	if f.Problem != "" { // the page shows the problem beside default figures; a file has no room for a warning
		return v.Refuse(http.StatusBadRequest, f.Problem, "Nothing was sent.")
	}

	var body bytes.Buffer     // sent only when it is complete, so that an error can't leave half a file
	w := csv.NewWriter(&body) // never fails, since writes to the buffer don't
	head := []string{"by", "name"}
	for _, c := range cellsOf(Figures{}, Medians{}) {
		head = append(head, c.column)
	}
	_ = w.Write(head)

	backlog, err := p.desk.Backlog(v.Context())
	if err != nil {
		return err
	}

	if text := backlog.describe(); text != "" {
		note := make([]string, len(head))
		note[0], note[1] = "note", text
		_ = w.Write(note)
	}

	for _, by := range append([]Group{ByDay}, groupsFor(f)...) {
		if err := p.writeGroup(v.Context(), w, q, by, names); err != nil {
			return err
		}
	}

	w.Flush()
	h := v.Writer.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="figures-%s-%s-%s.csv"`, f.From, f.To, f.Hours))
	_, _ = v.Writer.Write(body.Bytes()) // an error means that the client has disconnected
	return nil
}

// writeGroup writes one row for each member of a group.
func (p pages) writeGroup(ctx context.Context, w *csv.Writer, q Question, by Group, names Names) error {
	sums, err := p.desk.Sums(ctx, q, by, nil)
	if err != nil {
		return err
	}
	medians, err := p.desk.Medians(ctx, q, by, nil)
	if err != nil {
		return err
	}

	name := nameFinderOf(by, names)
	for _, s := range sums {
		row := []string{string(by), web.Cell(name(s.Value))}
		for _, c := range cellsOf(s.Figures, medians[s.Value]) {
			row = append(row, c.text)
		}
		_ = w.Write(row)
	}
	return nil
}

// cell is one figure of a row, with the name of its column.
type cell struct{ column, text string }

// cellsOf returns the figures of a row in column order. The column names are an interface for other programs: add new
// columns at the end, and keep the names.
func cellsOf(f Figures, m Medians) []cell {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []cell{
		{"new", number(f.New)},
		{"reopened", number(f.Reopened)},
		{"resolved", number(f.Resolved)},
		{"abandoned", number(f.Abandoned)},
		{"messages in", number(f.In)},
		{"messages out", number(f.Out)},
		{"first answers", number(f.First.Count)},
		{"first answers seconds", number(f.First.Seconds)},
		{"next answers", number(f.Next.Count)},
		{"next answers seconds", number(f.Next.Seconds)},
		{"resolving seconds", number(f.Ended.Seconds)},
		{"first answers median seconds", m.First.seconds(f.First)},
		{"next answers median seconds", m.Next.seconds(f.Next)},
		{"resolving median seconds", m.Ended.seconds(f.Ended)},
		{"with ack target", number(f.Acked.Of)},
		{"within ack target", number(f.Acked.Kept)},
		{"with reply target", number(f.Answered.Of)},
		{"within reply target", number(f.Answered.Kept)},
	}
}

// seconds returns the median of the durations that t sums up, in whole seconds, or "" if t is empty.
func (m Median) seconds(t Times) string {
	if t.Count == 0 {
		return ""
	}
	d, known := m.valueOf(t)
	if !known {
		return notKnown
	}
	return strconv.FormatInt(int64(d/time.Second), 10)
}
