package dashboard

import (
	"bytes"
	"cmp"

	"fmt"
	"html/template"
	"math"
	"strings"
)

// Kind is a kind of chart.
type Kind string

// Kinds of charts.
const (
	Bars    Kind = "bars"    // the series side by side
	Stacked Kind = "stacked" // the series on top of each other
	Lines   Kind = "lines"   // NaN leaves a gap
)

// Chart is one or more series of values over the same categories. Categories are the points on the horizontal axis,
// such as days.
type Chart struct {
	ID            string // prefix of element ids; letters, digits and hyphens
	Title         string
	Description   string // a sentence for screen readers
	Kind          Kind
	CategoryTitle string // the table's heading for the categories: "Day"
	Categories    []string
	Series        []Series
	Unit          float64              // grid lines are at multiples of it: 3600 for seconds shown as hours; 0 means 1
	Format        func(float64) string // formats a value; nil means numberText
}

// Series has one value for each category. Values are not negative.
type Series struct {
	Name   string
	Values []float64
}

// Dimensions of the drawing, in the units of its viewBox.
const (
	width, height = 420.0, 220.0
	left, right   = 54.0, 8.0 // margins around the plot area
	top, bottom   = 10.0, 26.0
	maxLabels     = 6  // category labels below the plot
	axisSteps     = 4  // approximate number of grid lines
	barShare      = .7 // the fraction of a category's width that its bars fill
	gridTextGap   = 6  // between the plot and the text of a grid line
	labelGap      = 8  // between the category labels and the lower edge
)

// colourClasses is the number of classes for series in the stylesheet, s1 to s6.
const colourClasses = 6

// Charts renders charts. It is safe for concurrent use.
type Charts struct{ t *template.Template }

// New parses the embedded template.
func New() (*Charts, error) {
	t, err := template.ParseFS(templates, "chart.html")
	if err != nil {
		return nil, fmt.Errorf("chart: %w", err)
	}
	return &Charts{t}, nil
}

// Draw returns a figure element with the SVG and a collapsed table of the numbers.
func (cs *Charts) Draw(c Chart) (template.HTML, error) {
	var out bytes.Buffer
	if err := cs.t.Execute(&out, c.makePlot()); err != nil {
		return "", fmt.Errorf("chart: %s: %w", c.ID, err)
	}
	return template.HTML(out.String()), nil //nolint:gosec // html/template wrote it
}

// Data for the template. Coordinates are in the units of the viewBox.
type (
	plot struct {
		Chart

		Width, Height float64
		Left, Right   float64 // the edges of the plot area
		Grid          []mark
		Labels        []mark
		Rects         []rect
		Paths         []chartPath
		Dots          []mark
		Legend        []legend
		Rows          []row
		Empty         bool // no value is above zero
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
	chartPath struct{ Points, Class string }
	legend    struct{ Name, Class string }
	row       struct {
		Category string
		Cells    []string
	}
)

// makePlot computes the template's data for a chart.
func (c Chart) makePlot() plot {
	if c.Format == nil {
		c.Format = numberText
	}

	p := plot{Chart: c, Width: width, Height: height, Left: left, Right: width - right}
	highest := c.findHighest()
	p.Empty = highest == 0
	values := axisValues(highest, c.Unit)
	scale := (height - top - bottom) / values[len(values)-1]
	y := func(v float64) float64 { return roundTenth(height - bottom - v*scale) }
	for _, v := range values {
		p.Grid = append(p.Grid, mark{X: left - gridTextGap, Y: y(v), Text: c.Format(v)})
	}

	categoryWidth := (width - left - right) / float64(max(len(c.Categories), 1))
	labelEvery := max((len(c.Categories)+maxLabels-1)/maxLabels, 1)
	for i, category := range c.Categories {
		if i%labelEvery == 0 {
			middle := left + categoryWidth*(float64(i)+.5)
			p.Labels = append(p.Labels, mark{X: roundTenth(middle), Y: height - labelGap, Text: category})
		}
		p.Rows = append(p.Rows, c.makeRow(i))
	}

	for i, s := range c.Series {
		p.Legend = append(p.Legend, legend{Name: s.Name, Class: colourClass(i)})
	}

	if c.Kind == Lines {
		p.addLines(categoryWidth, y)
	} else {
		p.addBars(categoryWidth, y)
	}

	return p
}

// makeRow returns the table row of the category with index i.
func (c Chart) makeRow(i int) row {
	r := row{Category: c.Categories[i]}
	for _, s := range c.Series {
		text := "–"
		if v := s.Values[i]; !math.IsNaN(v) {
			text = c.Format(v)
		}
		r.Cells = append(r.Cells, text)
	}
	return r
}

// findHighest returns the largest value or, if series are stacked, the largest sum of a category.
func (c Chart) findHighest() (highest float64) {
	for i := range c.Categories {
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

// addBars adds the bars of each category. y converts a value to a coordinate.
func (p *plot) addBars(categoryWidth float64, y func(float64) float64) {
	barWidth := categoryWidth * barShare
	if p.Kind == Bars {
		barWidth /= float64(max(len(p.Series), 1))
	}

	for i, category := range p.Categories {
		x := left + categoryWidth*(float64(i)+(1-barShare)/2)
		base := 0.0 // the sum of the stacked bars below; 0 for other bars
		for n, s := range p.Series {
			v := s.Values[i]
			if !math.IsNaN(v) && v > 0 {
				p.Rects = append(p.Rects, rect{
					X:      roundTenth(x),
					Y:      y(base + v),
					Width:  roundTenth(max(barWidth, .5)),
					Height: roundTenth(y(base) - y(base+v)),
					Class:  colourClass(n),
					Text:   category + ", " + s.Name + ": " + p.Format(v),
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

// addLines adds a dot for each value, and lines that connect the values of a series. NaN interrupts the line.
func (p *plot) addLines(categoryWidth float64, y func(float64) float64) {
	for n, s := range p.Series {
		var points []string
		endLine := func() {
			if len(points) > 1 {
				p.Paths = append(p.Paths, chartPath{Points: strings.Join(points, " "), Class: colourClass(n)})
			}
			points = nil
		}
		for i, v := range s.Values {
			if math.IsNaN(v) {
				endLine()
				continue
			}

			x := roundTenth(left + categoryWidth*(float64(i)+.5))
			points = append(points, fmt.Sprintf("%g,%g", x, y(v)))
			text := p.Categories[i] + ", " + s.Name + ": " + p.Format(v)
			p.Dots = append(p.Dots, mark{X: x, Y: y(v), Class: colourClass(n), Text: text})
		}

		endLine()
	}
}

// colourClass returns the class of the series with index i. Classes repeat if there are more series than classes.
func colourClass(i int) string { return fmt.Sprintf("s%d", i%colourClasses+1) }

// roundTenth rounds a coordinate to one decimal, which keeps the SVG small.
func roundTenth(v float64) float64 { return math.Round(v*10) / 10 }

// numberText formats a number with at most two decimals.
func numberText(v float64) string { return fmt.Sprintf("%g", math.Round(v*100)/100) }

// axisValues returns the values of the grid lines, from 0 to the first one that is not below highest. The step is 1, 2,
// 2.5 or 5 times a power of ten units, and always a whole number of units: counts never get a line at 0.5. For example,
// axisValues(70, 1) returns 0, 20, 40, 60, 80.
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
