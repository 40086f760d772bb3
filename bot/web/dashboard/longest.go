package dashboard

import (
	"time"

	"parley/bot/web"
)

// knownFor is how long Parley stores which conversations the figures of a day are made of (docs/measures.md). Older
// figures remain, but this page has no conversations for them.
const knownFor = 182 * 24 * time.Hour

// longScreen is the template data of the page that lists the conversations with the longest wait for an answer, or the
// longest time until they were resolved.
type longScreen struct {
	Filter filter
	Rows   []longRow
	Days   string // "1 November to 20 November 2026"
	Of     string // the rest of the filter: "Team: Billing"
	Hours  string // whether durations are business hours
	Back   string // the URL of the dashboard with the same filter
}

type longRow struct {
	Long

	Took time.Duration
}

// longestTitles returns the page's titles by Measure.
func longestTitles() map[Measure]string {
	return map[Measure]string{
		FirstAnswer: "Waited longest for the first answer",
		NextAnswer:  "Waited longest for a further answer",
		Resolving:   "Took longest to resolve",
	}
}

// showLongest shows the page. The parameter "time" names the Measure; the others are those of the filter.
func (p pages) showLongest(v *web.Visit) error {
	f, names, q, err := p.readRequest(v)
	if err != nil {
		return refuse(v, err)
	}

	measure := Measure(v.Value("time"))
	if longestTitles()[measure] == "" {
		measure = FirstAnswer
	}

	conversations, err := p.desk.Longest(v.Context(), v.Person.ID, q, measure)
	if err != nil {
		return err
	}

	s := longScreen{
		Filter: f,
		Days:   daysInWords(f.From, f.To),
		Of:     f.describe(names),
		Hours:  "by the clock",
		Back:   f.addressOf(path),
	}
	if q.Open {
		s.Hours = "in business hours"
	}
	for _, c := range conversations {
		s.Rows = append(s.Rows, longRow{Long: c, Took: time.Duration(c.Seconds) * time.Second})
	}

	help := "The ten conversations with the longest time, of " + s.Days + ", " + s.Hours + ". Each counts with its longest one."
	if f.From < v.Now().Add(-knownFor).Format(time.DateOnly) {
		help += " Which conversations made up a day is known for half a year."
	}

	return v.Show("longest", web.Screen{Title: longestTitles()[measure], Help: help, Data: s})
}
