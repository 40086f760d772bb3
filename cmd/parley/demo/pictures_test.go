package demo

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
)

const (
	pictureBytes = 150 << 10 // the maximum size of a picture of README
	pictureScale = 1.5       // pixels of a thread's picture for each of the page
)

// coloured is a script that tells whether the browser has a font with coloured emoji. Without one, marks are empty boxes.
const coloured = `(() => {
	const c = document.createElement('canvas').getContext('2d');
	c.font = '24px sans-serif';
	c.fillText('🔒', 0, 26);
	const d = c.getImageData(0, 0, 40, 40).data;
	return d.some((v, i) => i % 4 === 0 && v !== d[i + 1]);
})()`

// TestPictures takes the pictures of README, in both themes, and writes them into the folder that PARLEY_PICTURES names.
// `make pictures` runs it. Without a folder it is skipped.
func TestPictures(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("PARLEY_PICTURES")
	if folder == "" {
		t.Skip("PARLEY_PICTURES names no folder: make pictures")
	}
	check(t, os.MkdirAll(folder, 0o750))
	t.Run("slack", func(t *testing.T) { t.Parallel(); picturesOfSlack(t, folder) })
	t.Run("teams", func(t *testing.T) { t.Parallel(); picturesOfTeams(t, folder) })
}

// picturesOfSlack answers a mail in Slack, and takes pictures of the thread and of the whole demo.
func picturesOfSlack(t *testing.T, folder string) {
	l := newLive(t)
	l.closeTour()
	l.textByWhatsApp("Dana Cole", "dana@cole.test", "Hi! Is the blue vase back in stock?")
	l.sendMail("Kim Brandt <kim@brandt-interiors.test>", "Invoice for March", "Could you send me the invoice again, please?")
	l.sendMail("Maria Lopez <"+maria+">", "Two broken mugs",
		"Hello,\n\norder 0977 arrived today, and two of the six mugs are broken. Can you send me new ones?\n\nMaria")

	l.openThread(SurfaceSlack, "Two broken mugs")
	l.untilShown(".threadpane .msg", "order 0977")
	l.reply("I'm sorry, Maria! Two new mugs leave our workshop today.")
	l.endHold()
	l.openMailbox(maria)
	l.untilShown(".maillist", "Ann Lee")

	l.saysInSlack(Ben, "Two new mugs", "There are two left on the shelf, I'll pack them.")
	l.untilShown(".threadpane .msg", "on the shelf")
	l.reply("note: both from the May kiln, like last week's")
	must(l.company.Mail.Customer("Maria Lopez <"+maria+">").Reply(l.company.Mail.Inbox(maria)[0],
		"That was quick, thank you! What shall I do with the broken ones?"))(l.t)
	l.untilShown(".threadpane .msg", "That was quick")

	l.click(".mailrow.unread")
	l.until("the mail is open", `document.querySelector('.reader iframe') || document.querySelector('.reader .plaintext')`)
	l.reply("Keep them, they make fine pots for small plants.")
	l.untilShown(".threadpane .msg:last-child", "⏳")

	l.do("a window for the picture", chromedp.EmulateViewport(1280, 800))
	l.take(folder, "demo", "body")
	l.fit("#slack .threadpane")
	l.take(folder, "slack", "#slack .threadpane")
}

// picturesOfTeams answers a chat in Teams, and takes a picture of the thread. Parley asks about a reply there, because a
// colleague wrote just before.
func picturesOfTeams(t *testing.T, folder string) {
	l := newLiveIn(t, SurfaceTeams)
	l.closeTour()
	dana := l.textByWhatsApp("Dana Cole", "dana@cole.test", "Hi! Is the blue vase back in stock?")
	l.click(inPosts + " .replies")
	l.untilShown(inThread, "blue vase")
	l.replyInTeams("Since this morning, yes! Shall I keep one for you?")
	l.endHold()
	l.untilOutside("Dana reads it", dana.hasReceived("Shall I keep one"))
	must(dana.Say("Yes please! I'll come by on Friday.", nil, ""))(t)
	l.untilShown(inThread, "on Friday")
	l.saysInTeams(TeamsBen, "blue vase", "We close at five on Friday, tell her.")
	l.untilShown(inThread, "close at five")
	l.replyInTeams("It is yours. We are here until five on Friday.")
	l.untilShown(inThread, "Not sent yet")
	l.checkTeamsProblems()
	l.fit("#teams .threadpane")
	l.take(folder, "teams", "#teams .threadpane")
}

// sendMail lets a customer write a mail to the company.
func (l *live) sendMail(from, subject, text string) {
	l.t.Helper()
	must(l.company.Mail.Customer(from).Send(mailfake.Mail{To: []string{HelpAddress}, Subject: subject, Text: text}))(l.t)
	l.untilShown(".center", subject)
}

// saysInSlack lets a colleague write into the thread that contains some words.
func (l *live) saysInSlack(user, words, text string) {
	l.t.Helper()
	for _, root := range l.company.Slack.Messages(Support) {
		said := func(m *slackfake.Message) bool { return strings.Contains(m.Text, words) }
		if !slices.ContainsFunc(l.company.Slack.Thread(Support, root.TS), said) {
			continue
		}
		must(l.company.Slack.As(user).Post(slackfake.Post{Channel: Support, Thread: root.TS, Text: text}))(l.t)
		return
	}
	l.fail("nobody said %q", words)
}

// saysInTeams is saysInSlack for Teams.
func (l *live) saysInTeams(user, words, text string) {
	l.t.Helper()
	for _, m := range l.company.Teams.Messages(TeamsSupport) {
		if strings.Contains(m.Text, words) && m.Root != m.ID {
			must(l.company.Teams.As(user).Reply(TeamsSupport, m.Root, text))(l.t)
			return
		}
	}
	l.fail("nobody said %q", words)
}

// closeTour closes the guided tour, after checking that the browser can show the emoji of the pictures.
func (l *live) closeTour() {
	l.t.Helper()
	if ok, err := chromedp.Run(l.ctx, chromedp.Evaluate[bool](coloured)); err != nil || !ok {
		l.t.Fatalf("no font has coloured emoji (%v): sudo apt-get install fonts-noto-color-emoji", err)
	}
	l.until("the tour is there", `!document.getElementById('tour').hidden`)
	l.js("close the tour", `document.getElementById('tourbutton').click()`)
}

// fit makes the window wide, and so high that a part of the page needn't be scrolled.
func (l *live) fit(selector string) {
	l.t.Helper()
	for height := int64(400); ; {
		l.do("a window for the picture", chromedp.EmulateViewport(1700, height, chromedp.EmulateScale(pictureScale)))
		l.untilStill(selector)
		hidden, err := chromedp.Run(l.ctx, chromedp.Evaluate[int64](fmt.Sprintf(
			`Math.max(0, ...[...document.querySelectorAll(%q)].map((e) => e.scrollHeight - e.clientHeight))`, selector+" .messages")))
		switch {
		case err != nil:
			l.t.Fatal(err)
		case hidden <= 0:
			return
		}
		height += hidden
	}
}

// take saves a picture of a part of the page, in both themes.
func (l *live) take(folder, name, selector string) {
	l.t.Helper()
	l.js("take the cursor away", `document.activeElement?.blur()`)
	l.until("nothing lies over the page", `!document.querySelector('.toast')`)
	box := must(chromedp.Run(l.ctx, chromedp.Evaluate[page.Viewport](fmt.Sprintf(
		`(() => { const r = document.querySelector(%q).getBoundingClientRect(); return { x: r.x, y: r.y, width: r.width, `+
			`height: r.height, scale: 1 }; })()`,
		selector))))(l.t)

	for _, theme := range []string{"light", "dark"} {
		must(chromedp.Call(l.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}}))(l.t)
		l.untilStill(selector)
		shot := must(chromedp.Call(l.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Clip: &box}))(l.t)
		small := must(fewColors(shot.Data))(l.t)
		if len(small) > pictureBytes {
			l.t.Errorf("%s in %s takes %d kB, more than %d", name, theme, len(small)>>10, pictureBytes>>10)
		}
		if err := os.WriteFile(filepath.Join(folder, name+"-"+theme+".png"), small, 0o644); err != nil { //nolint:gosec // read by everybody
			l.t.Fatal(err)
		}
	}
}

// fewColors encodes a PNG again with its 256 most frequent colours, which reduces its size to a third. A page has few
// colours, and shades of them at the edges of letters.
func fewColors(raw []byte) ([]byte, error) {
	from, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	at := from.Bounds()
	count := map[color.Color]int{}
	for i := range at.Dx() * at.Dy() {
		count[from.At(i%at.Dx(), i/at.Dx())]++
	}

	var palette color.Palette
	taken := map[[3]uint32]bool{} // similar shades share a place
	for _, c := range slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return cmp.Compare(count[b], count[a]) }) {
		r, g, b, _ := c.RGBA()
		if shade := [3]uint32{r >> 11, g >> 11, b >> 11}; len(palette) < 256 && !taken[shade] {
			taken[shade], palette = true, append(palette, c)
		}
	}

	index := map[color.Color]uint8{}
	for c := range count {
		index[c] = uint8(palette.Index(c)) //nolint:gosec // of 256
	}
	to := image.NewPaletted(at, palette)
	for i := range to.Pix {
		to.Pix[i] = index[from.At(i%at.Dx(), i/at.Dx())]
	}

	var b bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, to)
	return b.Bytes(), err
}

// untilStill waits until nothing in a part of the page has moved for some frames.
func (l *live) untilStill(selector string) {
	l.t.Helper()
	l.js("count frames", fmt.Sprintf(`(() => {
		let was = '', calm = 0;
		window.calm = false;
		const look = () => {
			const now = document.querySelector(%q).innerText;
			calm = now === was ? calm + 1 : 0;
			was = now;
			if (calm < 30) requestAnimationFrame(look); else window.calm = true;
		};
		look();
	})()`, selector))
	l.until("the page is calm", `window.calm`)
}
