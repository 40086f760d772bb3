package demo

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/demo/judge"
)

// customerSuffix marks a customer's words in a thread.
const customerSuffix = " (customer)"

// insideText fits texts that don't look as if they were for the customer, whatever Parley decides.
var insideText = regexp.MustCompile(`(?i)^\s*(?:note:|//|![a-z]|/[a-z])|<@`)

// lookIntoMail hears what customers write to the company, and sees what they receive
// from it. It skips mailboxes in which nothing has changed since the last look.
func (p *lookout) lookIntoMail(now time.Time) {
	mail, w := p.world.Mail, &p.witness
	for _, box := range mail.State().Mailboxes {
		if !box.Customer || maps.Equal(box.Folders, w.boxes[box.Address]) {
			continue
		}
		w.boxes[box.Address] = box.Folders
		for _, m := range mail.Sent(box.Address) {
			if !toCompany(m) {
				continue
			}
			text, files := judge.OwnText(m.Text, m.HTML), attachments(m)
			w.hear(judge.Saying{Key: m.MessageID, Way: judge.WayIn, Who: nameIn(m.From), Whom: HelpAddress, At: m.At, Text: cmp.Or(text, filesOf(m), "(a message without text)"),
				Box: box.Address, Files: files, Bare: text == "" && files > 0}, now)
		}
		for _, m := range mail.Inbox(box.Address) {
			if strings.EqualFold(m.From.Address, HelpAddress) {
				w.see(judge.Arrival{Key: fmt.Sprintf("%s/%09d", box.Address, m.UID), Way: judge.WayOut, At: m.At, Box: box.Address,
					Wording: judge.WordingOf(cmp.Or(judge.OwnText(m.Text, m.HTML), filesOf(m)))})
			}
		}
	}
}

// filesOf names what a mail carries.
func filesOf(m mailfake.Received) string {
	var names []string
	for _, a := range m.Attachments {
		names = append(names, a.Name)
	}
	return strings.Join(names, " ")
}

// attachments counts a mail's files, without the pictures within its text.
func attachments(m mailfake.Received) (n int) {
	for _, a := range m.Attachments {
		if !a.Inline && a.ContentID == "" {
			n++
		}
	}
	return n
}

// typedText is what somebody typed, or the names of the files that he sent.
func typedText(m *slackfake.Message) string {
	text := judge.SlackText(m.Text)
	if text == "" {
		for _, f := range m.Files {
			text += f.Name + " "
		}
	}
	return text
}

func toCompany(m mailfake.Received) bool {
	return slices.ContainsFunc(append(slices.Clone(m.To), m.Cc...), func(a mailfake.Address) bool { return strings.EqualFold(a.Address, HelpAddress) })
}

func nameIn(a mailfake.Address) string {
	if a.Name == "" {
		return a.Address
	}
	return a.Name
}

// lookIntoSlack hears what people write in the threads of customers, and sees what
// stands there in the customers' names.
func (p *lookout) lookIntoSlack(now time.Time) {
	fake, w := p.world.Slack, &p.witness
	for _, c := range fake.Channels() {
		if c.IM || !slices.Contains(c.Members, fake.BotUserID()) {
			continue
		}
		for _, root := range fake.Messages(c.ID) {
			if root.BotID == "" {
				continue
			}
			thread := fake.Thread(c.ID, root.TS)
			owner, box := p.ownerOf(thread)
			for _, m := range thread {
				switch {
				case m.Subtype == "tombstone":
				case m.BotID != "":
					w.see(postSeen(m, c.ID, root.TS))
				case box != "":
					w.hear(judge.Saying{Key: c.ID + "/" + m.TS, Way: judge.WayOut, Who: p.userName(m.User), Whom: owner, At: timeOf(m.TS), Text: typedText(m),
						Channel: c.ID, Thread: root.TS, Box: box, Meant: (m.User == Ann || m.User == Ben) && !insideText.MatchString(m.Text)}, now)
				}
			}
		}
	}
}

var (
	// filesOfCustomer tells whose files a post shows, or misses.
	filesOfCustomer = regexp.MustCompile(`(?m)^\W*From (.+): \W*(?:📎|:paperclip:)|^\W+.+ from (.+) could not be had: `)
	// fileWord fits the words by which a post tells of a file that it doesn't show.
	fileWord = regexp.MustCompile(`\(0 bytes\)|\(larger than | could not be had: | can't be shown here: `)
)

// customerOfFiles is the customer whose files a post shows, as nameKey gives it; "" = it shows none.
func customerOfFiles(text string) string {
	if head := filesOfCustomer.FindStringSubmatch(text); head != nil {
		return judge.NameKey(cmp.Or(head[1], head[2]))
	}
	return ""
}

// postSeen is a post of Parley's. Under a customer's name it is the customer's text, or his
// files; else Parley tells of it.
func postSeen(m *slackfake.Message, channel, root string) judge.Arrival {
	text := shownText(m)
	a := judge.Arrival{Key: channel + "/" + m.TS, Way: judge.WayIn, At: timeOf(m.TS), Thread: channel + "/" + root, Wording: judge.WordingOf(text)}
	if from := customerOfFiles(text); from != "" {
		a.From, a.Files, a.Wording = from, len(m.Files)+len(fileWord.FindAllString(text, -1)), judge.Wording{}
	} else if from, ok := strings.CutSuffix(m.Username, customerSuffix); ok {
		a.From = judge.NameKey(from)
	} else {
		a.Told = text
	}
	return a
}

// ownerOf tells whose thread it is.
func (p *lookout) ownerOf(thread []*slackfake.Message) (name, box string) {
	at := slices.IndexFunc(thread, func(m *slackfake.Message) bool { return strings.HasSuffix(m.Username, customerSuffix) })
	if at < 0 {
		return "", ""
	}
	return p.owner(postSeen(thread[at], "", ""))
}

// owner tells whose thread it is: the customer who said what stands there first in a
// customer's name.
func (p *lookout) owner(first judge.Arrival) (name, box string) {
	most := -1
	for _, s := range p.witness.known {
		if !s.MayBe(first) {
			continue
		}
		like := 0
		for _, words := range s.Versions {
			like = max(like, first.Carries(words))
		}
		if like > most || like == most && s.Box < box {
			most, name, box = like, s.Who, s.Box
		}
	}
	return name, box
}

func (p *lookout) userName(id string) string {
	for _, u := range p.world.Slack.Users() {
		if u.ID == id {
			return nameOf(u)
		}
	}
	return id
}

// timeOf reads a Slack ts, which is a time and unique; to microseconds.
func timeOf(ts string) time.Time {
	seconds, micros, _ := strings.Cut(ts, ".")
	s, _ := strconv.ParseInt(seconds, 10, 64)
	us, _ := strconv.ParseInt(micros, 10, 64)
	return time.Unix(s, us*1000)
}
