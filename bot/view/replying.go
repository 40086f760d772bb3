package view

import (
	"strconv"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bridge"
)

// replying says who has the form of a reply open: "Ben and Ana are replying".
func replying(f bridge.Facts) []Piece {
	if len(f.Replying) == 0 {
		return nil
	}
	names := make([]string, len(f.Replying))
	for i, r := range f.Replying {
		names[i] = shape.AgentName(r.By)
	}
	last := len(names) - 1
	if last == 0 {
		return []Piece{shape.Text(names[0] + " is replying")}
	}
	return []Piece{shape.Text(strings.Join(names[:last], ", ") + " and " + names[last] + " are replying")}
}

// othersReplying tells who opens a form that colleagues have one open already.
func othersReplying(in FormInput) []Block {
	var blocks []Block
	for _, r := range in.Facts.Replying {
		if r.By.ID == in.Facts.Viewer.ID {
			continue
		}
		blocks = append(blocks, shape.Line(shape.Bold(shape.AgentName(r.By)), shape.Text(" opened a reply "+ago(in.Now.Sub(r.Since)))))
	}
	return blocks
}

// ago says how long ago something was, in full minutes.
func ago(d time.Duration) string {
	minutes := int(d / time.Minute)
	if minutes < 1 {
		return "just now"
	}
	return strconv.Itoa(minutes) + shape.Plural(minutes, " minute", " minutes") + " ago"
}
