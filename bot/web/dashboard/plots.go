package dashboard

import (
	"fmt"
	"html/template"
	"math"
	"time"

	"parley/bot/web/chart"
)

// period has the figures of one place along the bottom of a chart: a day, or a week if many days are plotted.
type period struct {
	Figures

	name string
}

// maxDaysPlotted is how many days are plotted one by one. A longer time is plotted by weeks.
const maxDaysPlotted = 62

// plotData is what charts show along the bottom.
type plotData struct {
	across string // "Day"
	list   []period
}

// plottedBy returns whether the days from from to to (yyyy-mm-dd) are plotted one by one (ByDay) or by weeks
// (ByWeek).
func plottedBy(from, to string) Group {
	first, errFirst := time.Parse(time.DateOnly, from)
	last, errLast := time.Parse(time.DateOnly, to)
	if errFirst != nil || errLast != nil {
		return ByDay
	}
	if int(last.Sub(first)/(24*time.Hour)) >= maxDaysPlotted {
		return ByWeek
	}
	return ByDay
}

// listPeriods returns the figures of each day from the first to the last, also of days on which nothing happened. If
// plottedBy says so, it returns those of each week instead. Weeks begin on Mondays.
func listPeriods(from, to string, sums []Sum) plotData {
	first, errFirst := time.Parse(time.DateOnly, from)
	last, errLast := time.Parse(time.DateOnly, to)
	if errFirst != nil || errLast != nil {
		return plotData{}
	}

	byDay := map[string]Figures{} // sums of weeks stand under their Mondays
	for _, s := range sums {
		byDay[s.Value] = s.Figures
	}

	p := plotData{across: "Day"}
	isByWeek := plottedBy(from, to) == ByWeek
	if isByWeek {
		p.across = "Week from"
	}

	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		beginsWeek := len(p.list) == 0 || day.Weekday() == time.Monday
		if !isByWeek || beginsWeek {
			p.list = append(p.list, period{name: day.Format("2 Jan")})
		}
		p.list[len(p.list)-1].Add(byDay[day.Format(time.DateOnly)])
	}

	return p
}

// chartsOf makes the charts of the page, not yet with what they share.
func chartsOf(data plotData) []chart.Chart {
	var in, out, begun, reopened, resolved, firstAnswer, nextAnswer, resolving []float64
	for _, d := range data.list {
		in = append(in, float64(d.In))
		out = append(out, float64(d.Out))
		begun = append(begun, float64(d.New))
		reopened = append(reopened, float64(d.Reopened))
		resolved = append(resolved, float64(d.Resolved))
		firstAnswer = append(firstAnswer, meanSeconds(d.First))
		nextAnswer = append(nextAnswer, meanSeconds(d.Next))
		resolving = append(resolving, meanSeconds(d.Ended))
	}

	return []chart.Chart{
		{
			ID:    "messages",
			Title: "Messages",
			Kind:  chart.Stacked,
			Series: []chart.Series{
				{Name: "From customers", Values: in},
				{Name: "To customers", Values: out},
			},
		},
		{
			ID:    "conversations",
			Title: "Conversations",
			Kind:  chart.Bars,
			Series: []chart.Series{
				{Name: "New", Values: begun},
				{Name: "Reopened", Values: reopened},
				{Name: "Resolved", Values: resolved},
			},
		},
		{
			ID:    "answers",
			Title: "Time to answer, on average",
			Kind:  chart.Lines,
			Series: []chart.Series{
				{Name: "First answer", Values: firstAnswer},
				{Name: "Next answer", Values: nextAnswer},
			},
		},
		{
			ID:     "resolving",
			Title:  "Time to resolve, on average",
			Kind:   chart.Lines,
			Series: []chart.Series{{Name: "Time to resolve", Values: resolving}},
		},
	}
}

// meanSeconds returns the mean of times; NaN, which charts leave out, if there are none.
func meanSeconds(t Times) float64 {
	if t.Count == 0 {
		return math.NaN()
	}
	return t.Mean().Seconds()
}

// draw draws all charts of the page.
func (p pages) draw(data plotData) ([]template.HTML, error) {
	places := make([]string, len(data.list))
	for i, d := range data.list {
		places[i] = d.name
	}

	var drawn []template.HTML
	for _, c := range chartsOf(data) {
		c.Across = data.across
		c.Places = places
		if c.Kind == chart.Lines {
			unit, words := unitFor(time.Duration(highestValue(c)) * time.Second)
			c.Unit, c.Words = unit.Seconds(), words
		}

		c.Told = describe(c)
		html, err := p.charts.Draw(c)
		if err != nil {
			return nil, err
		}

		drawn = append(drawn, html)
	}

	return drawn, nil
}

// highestValue returns the highest value of a chart that stacks nothing.
func highestValue(c chart.Chart) (high float64) {
	for _, s := range c.Series {
		for _, v := range s.Values {
			if v > high {
				high = v
			}
		}
	}
	return high
}

// describe says in a sentence what a chart shows, for people who can't see it: the highest value of each series, and where that is.
func describe(c chart.Chart) string {
	words := c.Words
	if words == nil {
		words = func(v float64) string { return fmt.Sprint(int64(v)) }
	}

	text := ""
	for _, s := range c.Series {
		highest, place := 0.0, ""
		for i, v := range s.Values {
			if v > highest { // false for NaN
				highest, place = v, c.Places[i]
			}
		}

		if highest == 0 {
			text += s.Name + ": none. "
			continue
		}

		text += fmt.Sprintf("%s: at most %s, on %s. ", s.Name, words(highest), place)
	}

	return text + "The table below has all numbers."
}
