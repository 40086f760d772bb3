package view

import (
	"fmt"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bridge"
)

// sevenDayBlocks shows what was done in seven days, how long it took, and how many customers wait now.
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

// notAllCountedBlock warns that the figures are still incomplete.
func notAllCountedBlock() Block {
	return shape.Line(shape.Text("Not everything is counted yet: some figures will still grow."))
}

// withBefore formats a count and that of the week before: "34 new (40)".
func withBefore(what string, count, before int64) string {
	return fmt.Sprintf("%d %s (%d)", count, what, before)
}

// meanWords formats a mean and that of the week before: "12 min on average (15 min)". It leaves out the latter if
// countBefore is 0.
func meanWords(mean, before time.Duration, countBefore int64) string {
	words := formatDuration(mean) + " on average"
	if countBefore == 0 {
		return words
	}
	return words + " (" + formatDuration(before) + ")"
}

// unknownMedian means that a median is not known. Any other negative duration means the same.
const unknownMedian time.Duration = -1

func firstMedian(m *bridge.WeekMedians) time.Duration { return m.First }
func nextMedian(m *bridge.WeekMedians) time.Duration  { return m.Next }
func endedMedian(m *bridge.WeekMedians) time.Duration { return m.Ended }

func medianOf(week bridge.WeekFigures, selectMedian func(*bridge.WeekMedians) time.Duration) time.Duration {
	if week.Medians == nil {
		return unknownMedian
	}
	return selectMedian(week.Medians)
}

// medianWords formats a median and that of the week before: ", median 7 min (8 min)". It leaves out what is not known.
func medianWords(week, before bridge.WeekFigures, selectMedian func(*bridge.WeekMedians) time.Duration) string {
	median := medianOf(week, selectMedian)
	if median < 0 {
		return ""
	}
	words := ", median " + formatDuration(median)
	if earlier := medianOf(before, selectMedian); earlier >= 0 {
		words += " (" + formatDuration(earlier) + ")"
	}
	return words
}

// weekDays formats a period of two dates (yyyy-mm-dd): "16 to 22 November", "28 November to 4 December". A period that it
// can't parse is shown as it is.
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
