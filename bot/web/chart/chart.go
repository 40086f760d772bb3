// Package chart draws plots as SVG for pages under a strict content policy: they have classes and no styles of their
// own, follow the page's colours in the light and in the dark, can be read aloud, and bring their numbers as a table.
//
// What does not belong here: which figures are plotted.
package chart

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"math"
	"strings"
)

// Kind says how values are drawn.
type Kind string

// Kinds of charts.
const (
	Bars    Kind = "bars"    // the series side by side
	Stacked Kind = "stacked" // the series on top of each other
	Lines   Kind = "lines"   // NaN leaves a gap
)

// Chart is a plot of one or more series of values. Places are the points along the bottom axis, such as days; all
// series have the same ones.
type Chart struct {
	ID     string // in the page: letters, digits and hyphens
	Title  string
	Told   string // what it shows, in a sentence, for people who can't see it
	Kind   Kind
	Across string   // what the places are: "Day"
	Places []string // along the bottom
	Series []Series
	Unit   float64              // the steps of the axis are multiples of it: 3600 for times in hours; 0 means 1
	Words  func(float64) string // writes a value; nil writes it as a number
}

// Series has one value for each place. No value is below zero.
type Series struct {
	Name   string
	Values []float64
}

// Sizes of the plot, in units of its own.
const (
	width, height = 420.0, 220.0
	left, right   = 54.0, 8.0
	top, bottom   = 10.0, 26.0
	maxLabels     = 6  // along the bottom
	axisSteps     = 4  // steps on the axis, approximately
	barShare      = .7 // the part of the room of a place that its bars fill
	gridTextGap   = 6  // between the text of a line of the grid and the plot
	labelGap      = 8  // between the labels and the bottom of the picture
)

// colourClasses is how many classes of series the stylesheet has: s1 to s6.
const colourClasses = 6

//go:embed chart.html
var templates embed.FS

// Charts draws charts by its template.
type Charts struct{ t *template.Template }

// New reads the template.
func New() (*Charts, error) {
	t, err := template.ParseFS(templates, "chart.html")
	if err != nil {
		return nil, fmt.Errorf("chart: %w", err)
	}
	return &Charts{t}, nil
}

// Draw writes a chart: a figure element with the plot, and the table of its numbers behind a summary.
func (cs *Charts) Draw(c Chart) (template.HTML, error) {
	var out bytes.Buffer
	if err := cs.t.Execute(&out, c.makePlot()); err != nil {
		return "", fmt.Errorf("chart: %s: %w", c.ID, err)
	}
	return template.HTML(out.String()), nil //nolint:gosec // html/template wrote it
}

// What the template draws.
type (
	plot struct {
		Chart

		Width, Height float64
		Left, Right   float64 // of the room for values
		Grid          []mark
		Labels        []mark
		Rects         []rect
		Paths         []path
		Dots          []mark
		Legend        []legend
		Rows          []row
		Empty         bool
	}
	mark struct {
		X, Y  float64
		Text  string
		Class string
	}
	rect struct {
		X, Y, Width, Height float64
		Class, Text         string
	}
	path   struct{ Points, Class string }
	legend struct{ Name, Class string }
	row    struct {
		Place string
		Cells []string
	}
)

// makePlot computes what the template draws of a chart.
func (c Chart) makePlot() plot {
	if c.Words == nil {
		c.Words = func(v float64) string { return numberText(v) }
	}

	p := plot{Chart: c, Width: width, Height: height, Left: left, Right: width - right}
	highest := c.findHighest()
	p.Empty = highest == 0
	values := axisValues(highest, c.Unit)
	scale := (height - top - bottom) / values[len(values)-1]
	y := func(v float64) float64 { return roundTenth(height - bottom - v*scale) }
	for _, v := range values {
		p.Grid = append(p.Grid, mark{X: left - gridTextGap, Y: y(v), Text: c.Words(v)})
	}

	room := (width - left - right) / float64(max(len(c.Places), 1))
	labelEvery := max((len(c.Places)+maxLabels-1)/maxLabels, 1)
	for i, place := range c.Places {
		if i%labelEvery == 0 {
			p.Labels = append(p.Labels, mark{X: roundTenth(left + room*(float64(i)+.5)), Y: height - labelGap, Text: place})
		}
		p.Rows = append(p.Rows, c.makeRow(i))
	}

	for i, s := range c.Series {
		p.Legend = append(p.Legend, legend{Name: s.Name, Class: colourClass(i)})
	}

	if c.Kind == Lines {
		p.addLines(room, y)
	} else {
		p.addBars(room, y)
	}

	return p
}

// makeRow makes the row of the place with the index i.
func (c Chart) makeRow(i int) row {
	r := row{Place: c.Places[i]}
	for _, s := range c.Series {
		text := "–"
		if v := s.Values[i]; !math.IsNaN(v) {
			text = c.Words(v)
		}
		r.Cells = append(r.Cells, text)
	}
	return r
}

// findHighest returns the largest value, or the largest sum where series are stacked.
func (c Chart) findHighest() (highest float64) {
	for i := range c.Places {
		sum := 0.0
		for _, s := range c.Series {
			v := s.Values[i]
			if math.IsNaN(v) {
				continue
			}

			sum += v

			if c.Kind != Stacked {
				highest = max(highest, v)
			}
		}

		if c.Kind == Stacked {
			highest = max(highest, sum)
		}
	}

	return highest
}

// addBars adds the bars of each place, side by side or on top of each other. room is the width of a place; y returns the height
// at which a value is drawn.
func (p *plot) addBars(room float64, y func(float64) float64) {
	barWidth := room * barShare
	if p.Kind == Bars {
		barWidth /= float64(max(len(p.Series), 1))
	}

	for i, place := range p.Places {
		x := left + room*(float64(i)+(1-barShare)/2)
		base := 0.0 // of stacked bars: the sum of those below
		for n, s := range p.Series {
			v := s.Values[i]
			if !math.IsNaN(v) && v > 0 {
				p.Rects = append(p.Rects, rect{
					X:      roundTenth(x),
					Y:      y(base + v),
					Width:  roundTenth(max(barWidth, .5)),
					Height: roundTenth(y(base) - y(base+v)),
					Class:  colourClass(n),
					Text:   place + ", " + s.Name + ": " + p.Words(v),
				})
			}

			if p.Kind == Bars {
				x += barWidth
			} else if !math.IsNaN(v) {
				base += v
			}
		}
	}
}

// addLines connects the values of each series. A value that stands alone between gaps is only a dot.
func (p *plot) addLines(room float64, y func(float64) float64) {
	for n, s := range p.Series {
		var points []string
		endLine := func() {
			if len(points) > 1 {
				p.Paths = append(p.Paths, path{Points: strings.Join(points, " "), Class: colourClass(n)})
			}
			points = nil
		}
		for i, v := range s.Values {
			if math.IsNaN(v) {
				endLine()
				continue
			}

			x := roundTenth(left + room*(float64(i)+.5))
			points = append(points, fmt.Sprintf("%g,%g", x, y(v)))
			p.Dots = append(p.Dots, mark{X: x, Y: y(v), Class: colourClass(n), Text: p.Places[i] + ", " + s.Name + ": " + p.Words(v)})
		}

		endLine()
	}
}

// colourClass returns the class of the series with the index i. After the last class it begins again with the first.
func colourClass(i int) string { return fmt.Sprintf("s%d", i%colourClasses+1) }

// roundTenth rounds a coordinate, so that the picture stays short.
func roundTenth(v float64) float64 { return math.Round(v*10) / 10 }

// numberText writes a number with two decimals at most.
func numberText(v float64) string { return fmt.Sprintf("%g", math.Round(v*100)/100) }

// axisValues returns the values at which an axis has lines. They begin at 0, and have steps of 1, 2, 2.5 or 5 times a power of
// ten of units; the last one is the highest value or above it. No step is a fraction of a unit, so that counts stay whole.
func axisValues(highest, unit float64) []float64 {
	unit = cmp.Or(unit, 1)
	step := 1.0
	if wanted := highest / unit / axisSteps; wanted > 1 {
		power := math.Pow(10, math.Floor(math.Log10(wanted)))
		for _, m := range []float64{1, 2, 2.5, 5, 10} {
			step = m * power
			if step >= wanted && step == math.Trunc(step) {
				break
			}
		}
	}

	values := []float64{0}
	for v := step; ; v += step {
		values = append(values, v*unit)
		if v*unit >= highest {
			return values
		}
	}
}
