package dashboard

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
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
	head := []string{"by", "name", "new", "reopened", "resolved", "abandoned", "messages in", "messages out", "first answers", "first answers seconds",
		"next answers", "next answers seconds", "resolving seconds", "first answers median seconds", "next answers median seconds", "resolving median seconds"}
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
			_ = w.Write(slices.Concat([]string{string(by), web.Cell(name(s.Value))}, s.cells(), medians[s.Value].cells(s.Figures)))
		}
	}

	w.Flush()
	h := v.Writer.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="figures-%s-%s-%s.csv"`, f.From, f.To, f.Hours))
	_, _ = v.Writer.Write(body.Bytes()) // an error means that the browser went away
	return nil
}

// cells returns the figures in the order of the file's columns.
func (f Figures) cells() (list []string) {
	for _, n := range []int64{f.New, f.Reopened, f.Resolved, f.Abandoned, f.In, f.Out, f.First.Count, f.First.Seconds, f.Next.Count, f.Next.Seconds, f.Ended.Seconds} {
		list = append(list, strconv.FormatInt(n, 10))
	}
	return list
}

// cells returns each median in whole seconds; "" where nothing was counted.
func (m Medians) cells(f Figures) []string {
	return []string{m.First.cell(f.First), m.Next.cell(f.Next), m.Ended.cell(f.Ended)}
}

// cell returns a median of times that were summed up.
func (m Median) cell(t Times) string {
	if t.Count == 0 {
		return ""
	}
	d, known := m.valueOf(t)
	if !known {
		return notKnown
	}
	return strconv.FormatInt(int64(d/time.Second), 10)
}
