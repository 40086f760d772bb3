package slackfake

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"sort"
	"strconv"
	"strings"
)

// Web API methods return lists in pages: the app passes the cursor of one response to get the next page. For
// messages, it can also restrict the time with oldest and latest. This file reads these arguments and selects
// the items of a page.

// Window is the range of messages that a call asks for. Times are in microseconds since 1970; see
// workspace.ParseTS.
type Window struct {
	Oldest, Latest int64
	inclusive      bool  // include messages at exactly Oldest and Latest
	Limit          int   // maximum number of messages in a page
	After          int64 // time of the last message of the previous page; 0 on the first page
	full           bool  // include the payload of messages' metadata
}

// Window reads the range of messages that a call asks for. Errors: invalid_ts_oldest, invalid_ts_latest,
// those of Page.
func (c *WebcallCall) Window(standardLimit, maxLimit int) (Window, *WorkspaceRefusal) {
	w := Window{inclusive: c.Flag("inclusive"), Limit: standardLimit, Latest: math.MaxInt64, full: c.Flag("include_all_metadata")}
	if v := c.Str("oldest"); v != "" {
		us, ok := ParseTS(v)
		if !ok {
			return w, Refuse("invalid_ts_oldest")
		}
		w.Oldest = us
	}

	latest := c.Str("latest")
	if latest != "" && latest != "now" {
		us, ok := ParseTS(latest)
		if !ok {
			return w, Refuse("invalid_ts_latest")
		}
		w.Latest = us
	}

	limit, position, refusal := c.Page(standardLimit, maxLimit)
	w.Limit = limit
	w.After = int64(position)
	return w, refusal
}

// Page reads the arguments limit and cursor. position is the start of the page: a number of items or a time,
// depending on which the method passed to ResponseMetadata. The first page has position 0.
// Errors: invalid_limit, invalid_cursor.
func (c *WebcallCall) Page(standardLimit, maxLimit int) (limit, position int, refusal *WorkspaceRefusal) {
	limit = standardLimit
	if v := c.Str("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return 0, 0, Refuse("invalid_limit")
		}
		if n > 0 { // 0 means standardLimit
			limit = min(n, maxLimit)
		}
	}

	if v := c.Str("cursor"); v != "" {
		n, ok := parseCursor(v)
		if !ok {
			return 0, 0, Refuse("invalid_cursor")
		}
		position = n
	}

	return limit, position, nil
}

// parseCursor returns the position in a cursor that ResponseMetadata created.
func parseCursor(cursor string) (position int, ok bool) {
	text, err := base64.StdEncoding.DecodeString(cursor)
	if err != nil {
		return 0, false
	}
	position, err = strconv.Atoi(strings.TrimPrefix(string(text), "next:"))
	return position, err == nil && position >= 0
}

// ResponseMetadata returns the response_metadata of a page. It contains the cursor of the next page, which
// starts at position. If position is 0, the cursor is empty: there is no next page.
func ResponseMetadata(position int) Reply {
	cursor := ""
	if position > 0 {
		cursor = base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(position)))
	}
	return Reply{"next_cursor": cursor}
}

// Limits of a page for methods that don't document theirs.
const (
	standardPage = 100
	maxPage      = 1000
)

// PageOf returns the items of the requested page. next is the start of the next page, or 0 after the last one.
func PageOf[T any](c *WebcallCall, all []T) (page []T, next int, refusal *WorkspaceRefusal) {
	limit, position, refusal := c.Page(standardPage, maxPage)
	if refusal != nil {
		return nil, 0, refusal
	}
	begin := min(position, len(all))
	end := min(begin+limit, len(all))
	if end < len(all) {
		next = end
	}
	return all[begin:end], next, nil
}

// Holds reports whether the time of a message is in the window.
func (w Window) Holds(m *Message) bool {
	us := m.Micros()
	if w.inclusive {
		return us >= w.Oldest && us <= w.Latest
	}
	return us > w.Oldest && us < w.Latest
}

// Show returns a copy of a message for the response. The payload of its metadata is removed unless the call
// asked for it.
func (w Window) Show(m *Message) *Message {
	shown := m.Clone()
	if shown.Metadata != nil && !w.full {
		shown.Metadata = &Metadata{EventType: shown.Metadata.EventType}
	}
	return shown
}

// FirstAfter returns the index of the first message of a page in a list sorted by time: the first one that isn't
// older than the window and is later than the previous page.
func FirstAfter(list []*Message, w Window) int {
	return sort.Search(len(list), func(i int) bool {
		us := list[i].Micros()
		return us >= w.Oldest && us > w.After
	})
}

// List parses an argument that is a JSON array of strings or a comma-separated list.
func List(value string) []string {
	var list []string
	if json.Unmarshal([]byte(value), &list) == nil {
		return list
	}
	for item := range strings.SplitSeq(value, ",") {
		item = strings.TrimSpace(item)
		if item != "" {
			list = append(list, item)
		}
	}
	return list
}
