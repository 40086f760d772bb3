package witness

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/slack/slackfake"
	"parley/cmd/parley/demo/judge"
	"parley/cmd/parley/demo/outside"
	"parley/cmd/parley/demo/plaintext"
)

// customerSuffix marks a customer's words in a thread.
const customerSuffix = " (customer)"

// insideText fits texts that don't look as if they were for the customer, whatever Parley decides.
var insideText = regexp.MustCompile(`(?i)^\s*(?:note:|//|![a-z]|/[a-z])|<@`)

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

// lookIntoSlack hears what people write in the threads of customers, and sees what
// stands there in the customers' names.
func (w *Witness) lookIntoSlack(now time.Time) {
	fake := w.world.Slack
	for _, c := range fake.Channels() {
		if c.IM || !slices.Contains(c.Members, fake.BotUserID()) {
			continue
		}

		for _, root := range fake.Messages(c.ID) {
			if root.BotID == "" {
				continue
			}

			thread := fake.Thread(c.ID, root.TS)
			owner, box := w.ownerOf(thread)
			for _, m := range thread {
				if m.Subtype == "tombstone" {
					continue
				}

				isAgents := m.User == outside.Ann || m.User == outside.Ben
				if m.BotID != "" {
					w.noteArrival(postSeen(m, c.ID, root.TS))
				} else if box != "" {
					w.noteSaying(judge.Saying{Key: c.ID + "/" + m.TS, Way: judge.WayOut, Who: w.userName(m.User), Whom: owner, At: timeOf(m.TS), Text: typedText(m),
						Channel: c.ID, Thread: root.TS, Box: box, Meant: isAgents && !insideText.MatchString(m.Text)}, now)
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

// customerOfFiles is the customer whose files a post shows, as judge.NameKey gives it; "" means it shows none.
func customerOfFiles(text string) string {
	if head := filesOfCustomer.FindStringSubmatch(text); head != nil {
		return judge.NameKey(cmp.Or(head[1], head[2]))
	}
	return ""
}

// postSeen is a post of Parley's. Under a customer's name it is the customer's text, or his
// files; else Parley tells of it.
func postSeen(m *slackfake.Message, channel, root string) judge.Arrival {
	text := plaintext.MessageText(m)
	a := judge.Arrival{Key: channel + "/" + m.TS, Way: judge.WayIn, At: timeOf(m.TS), Thread: channel + "/" + root, Wording: judge.WordingOf(text)}
	if from := customerOfFiles(text); from != "" {
		a.From, a.Wording = from, judge.Wording{}
		a.Files = len(m.Files) + len(fileWord.FindAllString(text, -1))
	} else if from, ok := strings.CutSuffix(m.Username, customerSuffix); ok {
		a.From = judge.NameKey(from)
	} else {
		a.Told = text
	}
	return a
}

// ownerOf reports whose thread it is.
func (w *Witness) ownerOf(thread []*slackfake.Message) (name, box string) {
	at := slices.IndexFunc(thread, func(m *slackfake.Message) bool { return strings.HasSuffix(m.Username, customerSuffix) })
	if at < 0 {
		return "", ""
	}
	return w.findOwner(postSeen(thread[at], "", ""))
}

// findOwner reports whose thread it is: the customer who said what stands there first in a
// customer's name.
func (w *Witness) findOwner(first judge.Arrival) (name, box string) {
	most := -1
	for _, s := range w.known {
		if !s.MayBe(first) {
			continue
		}

		like := 0
		for _, words := range s.Versions {
			like = max(like, first.Carries(words))
		}

		isFirstOfEqual := like == most && s.Box < box // so that the order of the map decides nothing
		if like > most || isFirstOfEqual {
			most = like
			name, box = s.Who, s.Box
		}
	}

	return name, box
}

func (w *Witness) userName(id string) string {
	for _, u := range w.world.Slack.Users() {
		if u.ID == id {
			return plaintext.UserName(u)
		}
	}
	return id
}

// timeOf reads a Slack ts, which is a time and unique; to microseconds.
func timeOf(ts string) time.Time {
	seconds, micros, _ := strings.Cut(ts, ".")
	s, _ := strconv.ParseInt(seconds, 10, 64) // Slack writes nothing else
	us, _ := strconv.ParseInt(micros, 10, 64)
	return time.Unix(s, us*int64(time.Microsecond))
}
