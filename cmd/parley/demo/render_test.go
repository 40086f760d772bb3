package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

var (
	shortcode = regexp.MustCompile(`(^|[^\x{2060}]):[a-z][a-z0-9_]+:`) // an emoji that is shown as a word
	// mishap finds a value that the script couldn't write, or a block that it doesn't know.
	mishap = regexp.MustCompile(`\[object|undefined|NaN|\(rich_text|\([a-z]+_[a-z_]+\)$`)
)

// The page draws all cards and forms that Parley posts in Slack, and draws Slack's markup as Slack does.
func TestRendering(t *testing.T) {
	t.Parallel()
	p, w := newTestPage(t, "")
	l := browse(t, w, p)
	l.checkCards(t)
	l.checkMarkup(t)
}

// checkCards draws the golden files of cards and forms.
func (l *live) checkCards(t *testing.T) {
	t.Helper()
	cards := must(filepath.Glob("../../../bot/slack/blockkit/testdata/*_*.json"))(t)
	shown := 0
	for _, name := range cards {
		for _, blocks := range blocksOf(t, name) {
			text := l.rendered(fmt.Sprintf(
				`import('/assets/blocks.js').then((b) => b.blocks(%s, {click() {}, suggest() { return []; }, values: {}}))`,
				blocks))
			switch {
			case text == "":
				t.Errorf("%s shows nothing", filepath.Base(name))
			case shortcode.MatchString(text):
				t.Errorf("%s shows a word in place of an emoji: %q", filepath.Base(name), text)
			case mishap.MatchString(text):
				t.Errorf("%s shows what the page couldn't draw: %q", filepath.Base(name), text)
			}
			shown++
		}
	}
	if shown < 40 {
		t.Errorf("%d cards and forms were found, want at least 40", shown)
	}
}

// checkMarkup draws texts with Slack's markup.
func (l *live) checkMarkup(t *testing.T) {
	t.Helper()
	for text, want := range map[string]string{
		`*bold* _it_ ~no~ a_b_c 2*3*4`:                     `<strong>bold</strong> <em>it</em> <s>no</s> a_b_c 2*3*4`,
		"\u2060*\u2060fire\u2060*\u2060":                   "\u2060*\u2060fire\u2060*\u2060",
		"`*x*` ```\na <b>\n```":                            `<code>*x*</code> <pre>a <b></pre>`,
		`&lt;b&gt; &amp;amp; <https://x.test|l &amp; m>`:   `<b> &amp; <a>l & m</a>`,
		`<javascript:alert(1)|x> <@U0ANNLEE001> <!here>`:   `<span>x</span> <span>@Ann Lee</span> <span>@here</span>`,
		"&gt; quoted\nnot":                                 "<blockquote>quoted\n</blockquote>not",
		`:tada: :unknown_thing: <!date^0^{date_num}|then>`: `🎉 :unknown_thing: <time>1970-01-01</time>`,
	} {
		js := must(json.Marshal(text))(t)
		if got := l.rendered(fmt.Sprintf(`import('/assets/mrkdwn.js').then((m) => m.mrkdwn(%s))`, js)); got != want {
			t.Errorf("%q\n got %q\nwant %q", text, got, want)
		}
	}
}

// rendered returns nodes as text with their tags, but without attributes.
func (l *live) rendered(nodes string) string {
	l.t.Helper()
	const flat = `.then((list) => {
		const tell = (n) => n.nodeType === 3 || typeof n === 'string' ? (n.data ?? n) :
			['STRONG', 'EM', 'S', 'CODE', 'PRE', 'A', 'SPAN', 'TIME', 'BLOCKQUOTE'].includes(n.tagName)
				? '<' + n.tagName.toLowerCase() + '>' + [...n.childNodes].map(tell).join('') + '</' + n.tagName.toLowerCase() + '>' : [...n.childNodes].map(tell).join('');
		return list.flat(Infinity).map(tell).join('');
	})`
	ctx, cancel := context.WithTimeout(l.ctx, stepTime)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](nodes+flat, chromedp.EvalAwaitPromise))
	if err != nil {
		l.t.Errorf("%.200s: %v", nodes, err)
	}
	return text
}

// blocksOf reads the lists of blocks in a golden file of cards or forms.
func blocksOf(t *testing.T, name string) []string {
	t.Helper()
	if !slices.ContainsFunc([]string{"card_", "form_", "window_"}, func(p string) bool { return strings.HasPrefix(filepath.Base(name), p) }) {
		return nil
	}
	raw, err := os.ReadFile(name) //nolint:gosec // a golden file
	if err != nil {
		t.Fatal(err)
	}

	type withBlocks struct {
		Blocks json.RawMessage `json:"blocks"`
	}
	var file struct {
		withBlocks
		Messages []withBlocks `json:"messages"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}

	var lists []string
	for _, b := range append(file.Messages, file.withBlocks) {
		if len(b.Blocks) > 0 {
			lists = append(lists, string(b.Blocks))
		}
	}
	return lists
}
