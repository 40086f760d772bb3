package dashboard

import (
	"time"

	"parley/bot/web"
)

// knownFor is how long Parley stores which conversations a day's figures come from (docs/measures.md).
const knownFor = 182 * 24 * time.Hour

// longScreen is what the page of the longest conversations shows.
type longScreen struct {
	Filter filter
	Rows   []longRow
	Days   string
	Of     string // what they are filtered by
	Hours  string
	Back   string
}

type longRow struct {
	Long

	Took time.Duration
}

// longestTitles returns the titles of the page, by what took long.
func longestTitles() map[Measure]string {
	return map[Measure]string{
		FirstAnswer: "Waited longest for the first answer",
		NextAnswer:  "Waited longest for a further answer",
		Resolving:   "Took longest to resolve",
	}
}

func (p pages) showLongest(v *web.Visit) error {
	f, names, q, err := p.readRequest(v)
	if err != nil {
		return refuse(v, err)
	}

	of := Measure(v.Value("time"))
	if longestTitles()[of] == "" {
		of = FirstAnswer
	}

	list, err := p.desk.Longest(v.Context(), v.Person.ID, q, of)
	if err != nil {
		return err
	}

	s := longScreen{Filter: f, Days: daysInWords(f.From, f.To), Hours: "by the clock", Back: f.addressOf(path), Of: f.describe(names)}
	if q.Open {
		s.Hours = "in business hours"
	}

	for _, l := range list {
		s.Rows = append(s.Rows, longRow{l, time.Duration(l.Seconds) * time.Second})
	}

	help := "The ten conversations with the longest time, of " + s.Days + ", " + s.Hours + ". Each counts with its longest one."
	if f.From < v.Now().Add(-knownFor).Format(time.DateOnly) {
		help += " Which conversations made up a day is known for half a year."
	}

	return v.Show("longest", web.Screen{Title: longestTitles()[of], Help: help, Data: s})
}
