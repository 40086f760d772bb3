package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/chromedp"
)

// untilTeamsHears waits until the page has sent its host a message, in the format of Microsoft's library.
// Source: the messages that npm @microsoft/teams-js 2.58.0 sent in a browser.
func (l *live) untilTeamsHears(id int, function, tag, args string) {
	l.t.Helper()
	l.until("the host hears "+function, fmt.Sprintf(
		`window.told?.map((m) => JSON.parse(m)).some((m) => m.id === %d && m.func === %q && m.apiVersionTag === %q &&
		JSON.stringify(m.args) === %q && m.isProxiedFromChild === false && Math.abs(m.timestamp - m.monotonicTimestamp) < 60000 &&
		[m.uuidAsString, m.teamsJsInstanceId].every((u) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(u)))`, id, function, tag, args))
}

// frame returns the node of a frame, once something in it is visible. It looks for the node again and again, because a node
// that the browser returned before it loaded the frame's document is useless.
func (l *live) frame(selector, visible string) *chromedp.Node {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.ctx, stepTime)
	defer cancel()
	for ctx.Err() == nil {
		nodes, err := chromedp.Run(ctx, chromedp.Nodes(chromedp.CSS(selector)))
		if err != nil || len(nodes) == 0 {
			continue
		}
		try, stop := context.WithTimeout(ctx, 2*time.Second)
		err = chromedp.Do(try, chromedp.WaitVisible(chromedp.CSS(visible), chromedp.FromNode(nodes[0])))
		stop()
		if err == nil {
			return nodes[0]
		}
	}
	l.fail("no frame %s shows %s", selector, visible)
	return nil
}
