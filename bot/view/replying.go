package view

import (
	"strconv"
	"strings"
	"time"

	"parley/bridge"
)

// replying says who has the form of a reply open: "Ben and Ana are replying".
func replying(f bridge.Facts) []Piece {
	if len(f.Replying) == 0 {
		return nil
	}
	names := make([]string, len(f.Replying))
	for i, r := range f.Replying {
		names[i] = agentName(r.By)
	}
	last := len(names) - 1
	if last == 0 {
		return []Piece{text(names[0] + " is replying")}
	}
	return []Piece{text(strings.Join(names[:last], ", ") + " and " + names[last] + " are replying")}
}

// othersReplying tells who opens a form that colleagues have one open already.
func othersReplying(in FormInput) []Block {
	var blocks []Block
	for _, r := range in.Facts.Replying {
		if r.By.ID == in.Facts.Viewer.ID {
			continue
		}
		blocks = append(blocks, line(bold(agentName(r.By)), text(" opened a reply "+ago(in.Now.Sub(r.Since)))))
	}
	return blocks
}

// ago says how long ago something was, in full minutes.
func ago(d time.Duration) string {
	minutes := int(d / time.Minute)
	if minutes < 1 {
		return "just now"
	}
	return strconv.Itoa(minutes) + plural(minutes, " minute", " minutes") + " ago"
}
