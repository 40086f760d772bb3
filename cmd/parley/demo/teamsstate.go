package demo

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"parley/bot/teams/teamsfake"
)

// shownActivity is the number of entries in the activity feed. It contains the newest.
const shownActivity = 30

// teamsState is what one user sees in the demo's Teams pane, a small imitation of Microsoft Teams. A visitor acts as the
// company's agents there. The page requests the state after each change.
//
// A channel contains posts. Each post starts a thread, whose replies have the post's id as their Root. A user also has a
// chat with the app (Parley), whose messages have an empty Root. The messages come from an emulator (package teamsfake);
// this file counts what the user hasn't read, builds the activity feed and converts messages for the page.
type teamsState struct {
	On       bool              `json:"on"` // the company uses Teams
	Users    []teamsfake.User  `json:"users"`
	Team     string            `json:"team"`
	Channels []teamsChannel    `json:"channels"`
	Chat     teamsChannel      `json:"chat"`     // the user's chat with the app
	Posts    []teamsPost       `json:"posts"`    // of the open channel
	Thread   []teamsMessage    `json:"thread"`   // messages of the open thread or chat, oldest first
	Activity []teamsActivity   `json:"activity"` // newest first
	Noticed  int               `json:"noticed"`  // length of the activity feed before it was limited to shownActivity
	Dialog   *teamsfake.Dialog `json:"dialog"`
	ReadsAll bool              `json:"reads_all"` // Parley may read all messages
}

// teamsChannel is a channel or chat in the sidebar.
type teamsChannel struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Unread   int    `json:"unread"`
	Mentions int    `json:"mentions"`
}

// teamsPost is the first message of a thread, with a summary of the replies.
type teamsPost struct {
	teamsMessage
	Replies int       `json:"replies"`
	Who     []string  `json:"who"`  // ids of the repliers ("" is the app), latest first
	Last    time.Time `json:"last"` // time of the latest reply
	Unread  int       `json:"unread"`
}

// teamsActivity is an entry in a user's activity feed, such as a mention.
type teamsActivity struct {
	Kind    string    `json:"kind"`
	Channel string    `json:"channel"`
	Thread  string    `json:"thread"`
	ID      string    `json:"id"`
	User    string    `json:"user"` // "" means the app
	Text    string    `json:"text"`
	At      time.Time `json:"at"`
	Unread  bool      `json:"unread"`
}

// teamsMessage is a message as one user sees it.
type teamsMessage struct {
	ID        string               `json:"id"`
	Channel   string               `json:"channel"`
	Root      string               `json:"root"`
	User      string               `json:"user"` // "" if the author isn't a user
	Bot       bool                 `json:"bot"`
	Guise     string               `json:"guise"`
	Subject   string               `json:"subject"`
	HTML      string               `json:"html"`
	Text      string               `json:"text"`
	Mentions  []teamsfake.Mention  `json:"mentions"`
	Cards     []json.RawMessage    `json:"cards"`
	Pictures  int                  `json:"pictures"` // number of pictures from the app; see serveTeamsPicture
	Files     []*teamsfake.File    `json:"files"`
	Reactions []teamsfake.Reaction `json:"reactions"`
	Private   bool                 `json:"private"` // only this user and the app can see it
	Prompt    string               `json:"prompt"`  // what it privately replies to
	Broken    string               `json:"broken"`  // why Teams doesn't show it
	At        time.Time            `json:"at"`
	Edited    bool                 `json:"edited"`
	Deleted   bool                 `json:"deleted"`
}

// readState returns what the user with the id as sees while channel and thread are open. The channel "chat" is the user's
// chat with the app. The result is empty if the company doesn't use Teams.
func (p *teamsPane) readState(as, channel, thread string) teamsState {
	fake := p.company.Teams
	if fake == nil {
		return teamsState{}
	}

	s := teamsState{
		On:       true,
		Users:    fake.Users(),
		Channels: []teamsChannel{},
		Posts:    []teamsPost{},
		Thread:   []teamsMessage{},
		Activity: []teamsActivity{},
		Dialog:   fake.Dialog(as),
		ReadsAll: p.company.CanReadAllOfTeams(),
	}
	for _, t := range fake.Teams() {
		s.Team = t.Name
	}

	p.marks.mu.Lock()
	defer p.marks.mu.Unlock()

	for _, c := range fake.Channels() {
		shown := fake.Shown(as, c.ID)
		row, activity := p.teamsRow(as, c.ID, shown)
		row.Name = c.Name
		s.Channels = append(s.Channels, row)
		s.Activity = append(s.Activity, activity...)
		if c.ID == channel {
			s.Posts = p.teamsPosts(as, shown)
			if thread != "" {
				s.Thread = teamsThread(as, shown, thread)
			}
		}
	}

	chat := fake.PersonalID(as)
	shown := fake.Shown(as, "")
	row, activity := p.teamsRow(as, chat, shown)
	s.Chat = row
	s.Activity = append(s.Activity, activity...)
	if channel == chat || channel == "chat" {
		s.Thread = teamsThread(as, shown[max(0, len(shown)-maxMessages):], "")
	}

	slices.SortStableFunc(s.Activity, func(a, b teamsActivity) int { return b.At.Compare(a.At) })
	s.Noticed = len(s.Activity)
	s.Activity = s.Activity[:min(s.Noticed, shownActivity)]
	return s
}

// readKey returns the key in marks.read for a user and a channel or thread. Its value is the id of the last message read.
func readKey(as, channel, thread string) string { return as + " " + channel + " " + thread }

// isInPlace reports whether a message belongs to a thread. If thread is "", it reports whether the message is a post in a
// channel or a message in a chat.
func isInPlace(m *teamsfake.Message, thread string) bool {
	isPost := thread == "" && m.Root == m.ID
	return isPost || m.Root == thread
}

// teamsRow counts the unread posts and mentions of a user in a channel, and returns the activity in it for the user's
// feed. shown are the channel's messages, oldest first. The caller must hold p.marks.mu.
func (p *teamsPane) teamsRow(as, channel string, shown []*teamsfake.Message) (row teamsChannel, activity []teamsActivity) {
	row.ID = channel
	hasWritten := map[string]bool{} // by thread
	for _, m := range shown {
		if m.User == as {
			hasWritten[m.Root] = true
			continue
		}
		if m.Deleted() {
			continue
		}

		place := m.Root
		if m.Root == m.ID {
			place = ""
		}

		isUnread := m.ID > p.marks.read[readKey(as, channel, place)]
		if isUnread && place == "" {
			row.Unread++
		}

		kind := activityKind(m, as, hasWritten[m.Root] && place != "")
		if isUnread && kind == kindMention {
			row.Mentions++
		}
		if kind != "" {
			activity = append(activity, newActivity(m, kind, channel, isUnread))
		}
	}

	return row, activity
}

// Kinds of activity.
const (
	kindMention = "mention"
	kindReply   = "reply" // in a thread in which the user has written
	kindChat    = "chat"  // a message of the app in its chat with the user
)

// activityKind returns the kind of feed entry that a message causes for a user, or "" if it causes none. isReply means that
// it is a reply in a thread in which the user has written before.
func activityKind(m *teamsfake.Message, as string, isReply bool) string {
	isMentioned := slices.ContainsFunc(m.Mentions, func(x teamsfake.Mention) bool { return x.ID == as })
	if isMentioned {
		return kindMention
	}
	if m.Root == "" {
		return kindChat
	}
	if isReply && !m.Bot {
		return kindReply
	}
	return ""
}

// newActivity returns the feed entry for a message. Its text includes the text of the message's cards.
func newActivity(m *teamsfake.Message, kind, channel string, isUnread bool) teamsActivity {
	text := m.Text
	for _, card := range m.Cards {
		text = strings.TrimSpace(text + " " + CardText(card))
	}
	return teamsActivity{
		Kind:    kind,
		Channel: channel,
		Thread:  m.Root,
		ID:      m.ID,
		User:    m.User,
		Text:    Excerpt(text, RowRunes),
		At:      m.At,
		Unread:  isUnread,
	}
}

// teamsPosts returns the posts of a channel, oldest first, each with a summary of its replies. The caller must hold
// p.marks.mu.
func (p *teamsPane) teamsPosts(as string, shown []*teamsfake.Message) []teamsPost {
	posts := []teamsPost{}
	indexOf := map[string]int{} // by thread: the index of its post in posts
	for _, m := range shown {
		i, known := indexOf[m.Root]
		if !known && m.Root != m.ID {
			continue // a private message outside a thread
		}

		if !known {
			indexOf[m.Root] = len(posts)
			posts = append(posts, teamsPost{teamsMessage: teamsView(m, as), Who: []string{}})
			continue
		}

		post := &posts[i]
		if m.Deleted() || m.Targeted != "" {
			continue
		}

		post.Replies++
		post.Last = m.At
		post.Who = slices.Insert(slices.DeleteFunc(post.Who, func(id string) bool { return id == m.User }), 0, m.User)
		if m.User != as && m.ID > p.marks.read[readKey(as, m.Channel, m.Root)] {
			post.Unread++
		}
	}

	return posts[max(0, len(posts)-maxMessages):]
}

// teamsThread returns the messages of a thread, or those of a chat if root is "".
func teamsThread(as string, shown []*teamsfake.Message, root string) []teamsMessage {
	messages := []teamsMessage{}
	for _, m := range shown {
		if m.Root == root {
			messages = append(messages, teamsView(m, as))
		}
	}
	return messages
}

// teamsView converts a message to what a user sees. A card may have a version for this user alone.
func teamsView(m *teamsfake.Message, as string) teamsMessage {
	cards := m.Cards
	if own := m.View[as]; own != nil {
		cards = []json.RawMessage{own}
	}
	return teamsMessage{
		ID:        m.ID,
		Channel:   m.Channel,
		Root:      m.Root,
		User:      m.User,
		Bot:       m.Bot,
		Guise:     m.PostedAs,
		Subject:   m.Subject,
		HTML:      m.HTML,
		Text:      m.Text,
		Mentions:  m.Mentions,
		Cards:     cards,
		Pictures:  len(sentPictures(m)),
		Files:     m.Files,
		Reactions: m.Reactions,
		Private:   m.Targeted != "",
		Prompt:    m.Prompt,
		Broken:    m.NotShown,
		At:        m.At,
		Edited:    !m.EditedAt.IsZero(),
		Deleted:   m.Deleted(),
	}
}

// sentPictures returns the URLs, mostly data URIs, of the pictures in a message that the app sent.
func sentPictures(m *teamsfake.Message) []string {
	var sent struct {
		Attachments []struct {
			Type string `json:"contentType"`
			URL  string `json:"contentUrl"`
		} `json:"attachments"`
	}
	if m.Raw == nil || json.Unmarshal(m.Raw, &sent) != nil {
		return nil
	}

	var urls []string
	for _, a := range sent.Attachments {
		if strings.HasPrefix(a.Type, "image/") {
			urls = append(urls, a.URL)
		}
	}

	return urls
}
