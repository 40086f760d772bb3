package dashboard

import (
	"fmt"
	"html/template"
	"math"
	"time"
)

// plotData has the figures of all charts of the dashboard, one entry for each point on the horizontal axis.
type plotData struct {
	categoryTitle string // "Day" or "Week from"
	periods       []period
}

// period has the figures of a day or, if many days are plotted, of a week.
type period struct {
	Figures

	name string // the day, or the first day of the week: "2 Jan"
}

// maxDaysPlotted is the length of the longest time range that is plotted by day. Longer ones are plotted by week.
const maxDaysPlotted = 62

// plottedBy returns ByDay or ByWeek: how the days from from to to (yyyy-mm-dd) are plotted.
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

// listPeriods returns the figures of each day or week (see plottedBy), including those without any. Weeks begin on
// Monday; the first and the last may be incomplete. sums are those of Desk.Sums by the same group.
func listPeriods(from, to string, sums []Sum) plotData {
	first, errFirst := time.Parse(time.DateOnly, from)
	last, errLast := time.Parse(time.DateOnly, to)
	if errFirst != nil || errLast != nil {
		return plotData{}
	}

	byDay := map[string]Figures{} // the figures of a whole week are those of its Monday
	for _, s := range sums {
		byDay[s.Value] = s.Figures
	}

	data := plotData{categoryTitle: "Day"}
	isByWeek := plottedBy(from, to) == ByWeek
	if isByWeek {
		data.categoryTitle = "Week from"
	}

	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		beginsWeek := len(data.periods) == 0 || day.Weekday() == time.Monday
		if !isByWeek || beginsWeek {
			data.periods = append(data.periods, period{name: day.Format("2 Jan")})
		}
		data.periods[len(data.periods)-1].Add(byDay[day.Format(time.DateOnly)])
	}

	return data
}

// chartsOf returns the charts of the dashboard with their series. draw adds categories, units and descriptions.
func chartsOf(data plotData) []Chart {
	var in, out, begun, reopened, resolved, firstAnswer, nextAnswer, resolving []float64
	for _, p := range data.periods {
		in = append(in, float64(p.In))
		out = append(out, float64(p.Out))
		begun = append(begun, float64(p.New))
		reopened = append(reopened, float64(p.Reopened))
		resolved = append(resolved, float64(p.Resolved))
		firstAnswer = append(firstAnswer, meanSeconds(p.First))
		nextAnswer = append(nextAnswer, meanSeconds(p.Next))
		resolving = append(resolving, meanSeconds(p.Ended))
	}

	return []Chart{
		{
			ID:    "messages",
			Title: "Messages",
			Kind:  Stacked,
			Series: []Series{
				{Name: "From customers", Values: in},
				{Name: "To customers", Values: out},
			},
		},
		{
			ID:    "conversations",
			Title: "Conversations",
			Kind:  Bars,
			Series: []Series{
				{Name: "New", Values: begun},
				{Name: "Reopened", Values: reopened},
				{Name: "Resolved", Values: resolved},
			},
		},
		{
			ID:    "answers",
			Title: "Time to answer, on average",
			Kind:  Lines,
			Series: []Series{
				{Name: "First answer", Values: firstAnswer},
				{Name: "Next answer", Values: nextAnswer},
			},
		},
		{
			ID:     "resolving",
			Title:  "Time to resolve, on average",
			Kind:   Lines,
			Series: []Series{{Name: "Time to resolve", Values: resolving}},
		},
	}
}

// meanSeconds returns the mean in seconds, or NaN, a gap in the chart, if there are no times.
func meanSeconds(t Times) float64 {
	if t.Count == 0 {
		return math.NaN()
	}
	return t.Mean().Seconds()
}

// draw renders all charts of the dashboard.
func (p pages) draw(data plotData) ([]template.HTML, error) {
	names := make([]string, len(data.periods))
	for i, period := range data.periods {
		names[i] = period.name
	}

	var drawn []template.HTML
	for _, c := range chartsOf(data) {
		c.CategoryTitle = data.categoryTitle
		c.Categories = names
		if isDuration := c.Kind == Lines; isDuration {
			unit, format := unitFor(time.Duration(highestValue(c)) * time.Second)
			c.Unit, c.Format = unit.Seconds(), format
		}

		c.Description = describe(c)
		html, err := p.charts.Draw(c)
		if err != nil {
			return nil, err
		}

		drawn = append(drawn, html)
	}

	return drawn, nil
}

// highestValue returns the highest value of all series.
func highestValue(c Chart) (high float64) {
	for _, s := range c.Series {
		for _, v := range s.Values {
			if v > high { // false for NaN
				high = v
			}
		}
	}
	return high
}

// describe returns a description of a chart for screen readers, with the highest value of each series: "New: at most 7,
// on 3 Nov. Reopened: none. The table below has all numbers."
func describe(c Chart) string {
	format := c.Format
	if format == nil {
		format = func(v float64) string { return fmt.Sprint(int64(v)) }
	}

	text := ""
	for _, s := range c.Series {
		highest, highestName := 0.0, ""
		for i, v := range s.Values {
			if v > highest { // false for NaN
				highest, highestName = v, c.Categories[i]
			}
		}

		if highest == 0 {
			text += s.Name + ": none. "
			continue
		}

		text += fmt.Sprintf("%s: at most %s, on %s. ", s.Name, format(highest), highestName)
	}

	return text + "The table below has all numbers."
}
