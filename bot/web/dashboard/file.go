package dashboard

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"parley/bot/web"
)

// sendFile answers with the figures as a table that other programs read: of each day, then by each group.
func (p pages) sendFile(v *web.Visit) error {
	f, names, q, err := p.readRequest(v)
	if err != nil {
		return refuse(v, err)
	}
	if f.Problem != "" { // nobody would see that a file has other figures
		return v.Refuse(http.StatusBadRequest, f.Problem, "Nothing was sent.")
	}

	var body bytes.Buffer     // written as a whole at the end, so that an error isn't a half file
	w := csv.NewWriter(&body) // its errors would be those of the buffer, which has none
	head := []string{"by", "name"}
	for _, c := range cellsOf(Figures{}, Medians{}) {
		head = append(head, c.column)
	}
	_ = w.Write(head)

	behind, err := p.desk.Behind(v.Context())
	if err != nil {
		return err
	}

	if text := behind.describe(); text != "" {
		note := make([]string, len(head))
		note[0], note[1] = "note", text
		_ = w.Write(note)
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

		name := nameFinderOf(by, names)
		for _, s := range sums {
			row := []string{string(by), web.Cell(name(s.Value))}
			for _, c := range cellsOf(s.Figures, medians[s.Value]) {
				row = append(row, c.text)
			}
			_ = w.Write(row)
		}
	}

	w.Flush()
	h := v.Writer.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="figures-%s-%s-%s.csv"`, f.From, f.To, f.Hours))
	_, _ = v.Writer.Write(body.Bytes()) // an error means that the browser went away
	return nil
}

// cell is one figure of a row, with the name of its column.
type cell struct{ column, text string }

// cellsOf returns the figures of a row, in the order of their columns.
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
	}
}

// seconds writes the median of the times of which t is the sum, in whole seconds; "" if there are none.
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
