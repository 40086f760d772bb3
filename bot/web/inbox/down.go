package inbox

import (
	"context"
	"fmt"
	"hash/fnv"

	"parley/bot/web"
	"parley/bridge"
)

// Each page of the inbox says which chats and accounts don't work, because that is why agents are here.

// downSentences returns a sentence about each chat and account that doesn't work now.
func downSentences(v *web.Visit, down []bridge.Down) []string {
	list := make([]string, len(down))
	for i, d := range down {
		switch {
		case !d.IsChat:
			list[i] = d.Name + " doesn't work at the moment: what customers write there may come late, and replies wait."
		case d.Since.IsZero():
			list[i] = d.Name + " doesn't work at the moment. What is done here is told in its threads later."
		default:
			list[i] = d.Name + " can't be reached since " + timeText(v, d.Since) + ". What is done here is told in its threads later."
		}
	}
	return list
}

// withDown adds to a page's stamp what doesn't work, so that the page reads itself again when that changes.
func (p pages) withDown(ctx context.Context, agent bridge.AgentID, stamp string) (string, []bridge.Down, error) {
	down, err := p.desk.Down(ctx, agent)
	if err != nil || len(down) == 0 {
		return stamp, nil, err
	}
	sum := fnv.New64a()
	for _, d := range down {
		_, _ = fmt.Fprintf(sum, "%q %d;", d.Name, d.Since.UnixMicro()) // never fails
	}
	return fmt.Sprintf("%s.%x", stamp, sum.Sum64()), down, nil
}
