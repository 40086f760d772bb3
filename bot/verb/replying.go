package verb

import (
	"strconv"
	"time"

	"parley/bot/shape"
)

// OthersReplying tells the person who opens a reply's form which colleagues opened one before.
func OthersReplying(in shape.FormInput) []shape.Block {
	var blocks []shape.Block
	for _, r := range in.Facts.Replying {
		if r.By.ID == in.Facts.Viewer.ID {
			continue
		}
		blocks = append(blocks, shape.Line(shape.Bold(shape.AgentName(r.By)), shape.Text(" opened a reply "+agoWords(in.Now.Sub(r.Since)))))
	}
	return blocks
}

// agoWords says how long ago something was, in full minutes.
func agoWords(d time.Duration) string {
	minutes := int(d / time.Minute)
	if minutes < 1 {
		return "just now"
	}
	return strconv.Itoa(minutes) + shape.Plural(minutes, " minute", " minutes") + " ago"
}
