package view

import (
	"fmt"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// Week tells a team how its week was, against the one before.
func Week(l *bridge.WeekLine) Card {
	c := Card{Title: "The week"}
	c.Blocks = append(c.Blocks, shape.Line(shape.Icon("bar_chart"), shape.Text(" "), shape.Bold("The week of "+shape.OneLine(l.Team, shape.MaxPreviewRunes)), shape.Text(", "+weekDays(l.From, l.To))))
	c.Blocks = append(c.Blocks, sevenDays(l.SevenDays)...)
	if l.Missing {
		c.Blocks = append(c.Blocks, notAllCounted())
	}
	if len(l.Rows) > 0 {
		c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Text("Waited longest for the first answer:")))
	}
	for i, f := range l.Rows {
		head := shape.Whereabouts(shape.Number(f.ID)+" "+verb.Title(f), f)
		c.Blocks = append(c.Blocks, Block{Kind: BlockItem, Pieces: shape.Joined(shape.Between, head, []Piece{shape.Text(short(l.Took[i]))})})
	}
	c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Text("Times in business hours; in brackets, the week before. More is on the dashboard.")))
	return c
}

// sevenDays tells what was done in seven days, how long it took, and who waits now.
func sevenDays(d bridge.SevenDays) []Block {
	w, b := d.Week, d.Before
	counts := []string{against("new", w.New, b.New), against("resolved", w.Resolved, b.Resolved)}
	if w.Reopened+b.Reopened > 0 {
		counts = append(counts, against("reopened", w.Reopened, b.Reopened))
	}
	blocks := []Block{weekItem(strings.Join(counts, " · "))}
	if w.Answers > 0 {
		blocks = append(blocks, weekItem("First answer after "+mean(w.First, b.First, b.Answers)+median(w, b, first)))
	}
	if w.Further > 0 {
		blocks = append(blocks, weekItem("Next answer after "+mean(w.Next, b.Next, b.Further)+median(w, b, next)))
	}
	if w.Resolved > 0 {
		blocks = append(blocks, weekItem("Resolved after "+mean(w.Ended, b.Ended, b.Resolved)+median(w, b, ended)))
	}
	waiting := "Nobody waits for an answer now"
	if d.Waiting > 0 {
		waiting = fmt.Sprintf("%d %s for an answer now, the longest for %s", d.Waiting, shape.Plural(d.Waiting, "customer waits", "customers wait"), short(d.Longest))
		if d.Unassigned > 0 {
			waiting += fmt.Sprintf("; %d of them with nobody", d.Unassigned)
		}
	}
	return append(blocks, weekItem(waiting))
}

func weekItem(text string) Block { return Block{Kind: BlockItem, Pieces: []Piece{shape.Text(text)}} }

func against(what string, n, before int64) string { return fmt.Sprintf("%d %s (%d)", n, what, before) }

// mean writes an average time and that of the week before, which had so many.
func mean(d, before time.Duration, many int64) string {
	if many == 0 {
		return short(d) + " on average"
	}
	return short(d) + " on average (" + short(before) + ")"
}

func first(m *bridge.WeekMedians) time.Duration { return m.First }
func next(m *bridge.WeekMedians) time.Duration  { return m.Next }
func ended(m *bridge.WeekMedians) time.Duration { return m.Ended }

// median adds the median of a time and that of the week before, as far as they are known.
func median(w, b bridge.WeekFigures, of func(*bridge.WeekMedians) time.Duration) string {
	if w.Medians == nil || of(w.Medians) < 0 {
		return ""
	}
	text := ", median " + short(of(w.Medians))
	if b.Medians != nil && of(b.Medians) >= 0 {
		text += " (" + short(of(b.Medians)) + ")"
	}
	return text
}

// weekDays writes a period: "16 to 22 November", "28 November to 4 December".
func weekDays(from, to string) string {
	first, errFirst := time.Parse(time.DateOnly, from)
	last, errLast := time.Parse(time.DateOnly, to)
	switch {
	case errFirst != nil || errLast != nil:
		return from + " to " + to
	case first.Month() == last.Month():
		return first.Format("2") + " to " + last.Format("2 January")
	}
	return first.Format("2 January") + " to " + last.Format("2 January")
}
