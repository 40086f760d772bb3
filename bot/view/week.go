package view

import (
	"fmt"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// Week shows a team how its week was, compared with the week before.
func Week(l *bridge.WeekLine) Card {
	c := Card{Title: "The week"}
	name := shape.Bold("The week of " + shape.OneLine(l.Team, shape.MaxPreviewRunes))
	c.Blocks = append(c.Blocks, shape.Line(shape.Icon("bar_chart"), shape.Text(" "), name, shape.Text(", "+weekDays(l.From, l.To))))
	c.Blocks = append(c.Blocks, sevenDayBlocks(l.SevenDays)...)
	if l.Missing {
		c.Blocks = append(c.Blocks, notAllCountedBlock())
	}
	if len(l.Rows) > 0 {
		c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Text("Waited longest for the first answer:")))
	}

	for i, f := range l.Rows {
		head := shape.ThreadLink(shape.Number(f.ID)+" "+verb.Title(f), f)
		c.Blocks = append(c.Blocks,
			Block{Kind: BlockItem, Pieces: shape.JoinPieces(shape.Between, head, []Piece{shape.Text(formatDuration(l.Took[i]))})})
	}

	c.Blocks = append(c.Blocks,
		shape.SmallPrint(shape.Text("Times in business hours; in brackets, the week before. More is on the dashboard.")))
	return c
}

// sevenDayBlocks show what was done in seven days, how long it took, and who waits now.
func sevenDayBlocks(d bridge.SevenDays) []Block {
	week, before := d.Week, d.Before
	counts := []string{withBefore("new", week.New, before.New), withBefore("resolved", week.Resolved, before.Resolved)}
	if week.Reopened+before.Reopened > 0 {
		counts = append(counts, withBefore("reopened", week.Reopened, before.Reopened))
	}

	blocks := []Block{weekItem(strings.Join(counts, " · "))}
	if week.Answers > 0 {
		took := meanWords(week.First, before.First, before.Answers) + medianWords(week, before, firstMedian)
		blocks = append(blocks, weekItem("First answer after "+took))
	}
	if week.Further > 0 {
		took := meanWords(week.Next, before.Next, before.Further) + medianWords(week, before, nextMedian)
		blocks = append(blocks, weekItem("Next answer after "+took))
	}
	if week.Resolved > 0 {
		took := meanWords(week.Ended, before.Ended, before.Resolved) + medianWords(week, before, endedMedian)
		blocks = append(blocks, weekItem("Resolved after "+took))
	}

	return append(blocks, weekItem(waitingWords(d)))
}

// waitingWords says how many customers wait for an answer now.
func waitingWords(d bridge.SevenDays) string {
	if d.Waiting == 0 {
		return "Nobody waits for an answer now"
	}
	customers := shape.Plural(d.Waiting, "customer waits", "customers wait")
	words := fmt.Sprintf("%d %s for an answer now, the longest for %s", d.Waiting, customers, formatDuration(d.Longest))
	if d.Unassigned > 0 {
		words += fmt.Sprintf("; %d of them with nobody", d.Unassigned)
	}
	return words
}

func weekItem(text string) Block { return Block{Kind: BlockItem, Pieces: []Piece{shape.Text(text)}} }

// notAllCountedBlock says that figures are behind.
func notAllCountedBlock() Block {
	return shape.Line(shape.Text("Not everything is counted yet: some figures will still grow."))
}

// withBefore writes a number, and in brackets that of the week before.
func withBefore(what string, n, before int64) string {
	return fmt.Sprintf("%d %s (%d)", n, what, before)
}

// meanWords writes an average time and that of the week before, unless nothing was counted then.
func meanWords(mean, before time.Duration, countBefore int64) string {
	words := formatDuration(mean) + " on average"
	if countBefore == 0 {
		return words
	}
	return words + " (" + formatDuration(before) + ")"
}

// unknownMedian stands for a median that isn't known, as any negative one does.
const unknownMedian time.Duration = -1

func firstMedian(m *bridge.WeekMedians) time.Duration { return m.First }
func nextMedian(m *bridge.WeekMedians) time.Duration  { return m.Next }
func endedMedian(m *bridge.WeekMedians) time.Duration { return m.Ended }

func medianOf(week bridge.WeekFigures, which func(*bridge.WeekMedians) time.Duration) time.Duration {
	if week.Medians == nil {
		return unknownMedian
	}
	return which(week.Medians)
}

// medianWords writes a median and that of the week before, as far as they are known.
func medianWords(week, before bridge.WeekFigures, which func(*bridge.WeekMedians) time.Duration) string {
	median := medianOf(week, which)
	if median < 0 {
		return ""
	}
	words := ", median " + formatDuration(median)
	if earlier := medianOf(before, which); earlier >= 0 {
		words += " (" + formatDuration(earlier) + ")"
	}
	return words
}

// weekDays writes a period: "16 to 22 November", "28 November to 4 December".
func weekDays(from, to string) string {
	first, errFirst := time.Parse(time.DateOnly, from)
	last, errLast := time.Parse(time.DateOnly, to)
	if errFirst != nil || errLast != nil {
		return from + " to " + to
	}
	if first.Month() == last.Month() {
		return first.Format("2") + " to " + last.Format("2 January")
	}
	return first.Format("2 January") + " to " + last.Format("2 January")
}
