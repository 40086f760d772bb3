package dashboard

import (
	"fmt"
	"html/template"
	"math"
	"time"

	"parley/bot/web/chart"
)

// period is the figures of a day, or of a week of a long time.
type period struct {
	Figures

	name string
}

// mostPlaces is how many days are plotted one by one; of more, weeks are.
const mostPlaces = 62

// plotted is what charts show along the bottom.
type plotted struct {
	across string // "Day"
	list   []period
}

// plottedBy says what is plotted of a time: days, or weeks.
func plottedBy(from, to string) Group {
	first, errFirst := time.Parse(time.DateOnly, from)
	last, errLast := time.Parse(time.DateOnly, to)
	if errFirst == nil && errLast == nil && int(last.Sub(first)/(24*time.Hour)) >= mostPlaces {
		return ByWeek
	}
	return ByDay
}

// periods returns the figures of each day from the first to the last, also of those on which nothing happened; of a long
// time, of each week, which begins on a Monday.
func periods(from, to string, sums []Sum) plotted {
	first, errFirst := time.Parse(time.DateOnly, from)
	last, errLast := time.Parse(time.DateOnly, to)
	if errFirst != nil || errLast != nil {
		return plotted{}
	}
	of := map[string]Figures{}
	for _, s := range sums {
		of[s.Value] = s.Figures
	}
	p, weeks := plotted{across: "Day"}, plottedBy(from, to) == ByWeek
	if weeks {
		p.across = "Week from"
	}
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		if len(p.list) == 0 || !weeks || day.Weekday() == time.Monday {
			p.list = append(p.list, period{name: day.Format("2 Jan")})
		}
		p.list[len(p.list)-1].Add(of[day.Format(time.DateOnly)])
	}
	return p
}

func (p pages) draw(of plotted) ([]template.HTML, error) {
	places := make([]string, len(of.list))
	for i, d := range of.list {
		places[i] = d.name
	}
	series := func(name string, value func(period) float64) chart.Series {
		s := chart.Series{Name: name}
		for _, d := range of.list {
			s.Values = append(s.Values, value(d))
		}
		return s
	}
	mean := func(of func(period) Times) func(period) float64 {
		return func(d period) float64 {
			if t := of(d); t.Count > 0 {
				return t.Mean().Seconds()
			}
			return math.NaN()
		}
	}
	charts := []chart.Chart{
		{ID: "messages", Title: "Messages", Kind: chart.Stacked, Series: []chart.Series{
			series("From customers", func(d period) float64 { return float64(d.In) }),
			series("To customers", func(d period) float64 { return float64(d.Out) })}},
		{ID: "conversations", Title: "Conversations", Kind: chart.Bars, Series: []chart.Series{
			series("New", func(d period) float64 { return float64(d.New) }),
			series("Reopened", func(d period) float64 { return float64(d.Reopened) }),
			series("Resolved", func(d period) float64 { return float64(d.Resolved) })}},
		{ID: "answers", Title: "Time to answer, on average", Kind: chart.Lines, Series: []chart.Series{
			series("First answer", mean(func(d period) Times { return d.First })),
			series("Next answer", mean(func(d period) Times { return d.Next }))}},
		{ID: "resolving", Title: "Time to resolve, on average", Kind: chart.Lines, Series: []chart.Series{
			series("Time to resolve", mean(func(d period) Times { return d.Ended }))}},
	}
	var drawn []template.HTML
	for _, c := range charts {
		c.Across, c.Places = of.across, places
		if c.Kind == chart.Lines {
			unit, words := unitFor(time.Duration(highest(c)) * time.Second)
			c.Unit, c.Words = unit.Seconds(), words
		}
		c.Told = told(c)
		html, err := p.charts.Draw(c)
		if err != nil {
			return nil, err
		}
		drawn = append(drawn, html)
	}
	return drawn, nil
}

func highest(c chart.Chart) (high float64) {
	for _, s := range c.Series {
		for _, v := range s.Values {
			if v > high {
				high = v
			}
		}
	}
	return high
}

// told says in a sentence what a chart shows: for each series its highest value, and where that is.
func told(c chart.Chart) string {
	words := c.Words
	if words == nil {
		words = func(v float64) string { return fmt.Sprint(int64(v)) }
	}
	text := ""
	for _, s := range c.Series {
		at := -1
		for i, v := range s.Values {
			if !math.IsNaN(v) && v > 0 && (at < 0 || v > s.Values[at]) {
				at = i
			}
		}
		if at < 0 {
			text += s.Name + ": none. "
			continue
		}
		text += fmt.Sprintf("%s: at most %s, on %s. ", s.Name, words(s.Values[at]), c.Places[at])
	}
	return text + "The table below has all numbers."
}
