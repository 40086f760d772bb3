package webcall

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"sort"
	"strconv"
	"strings"

	"parley/bot/slack/slackfake/workspace"
)

// Methods that return lists do so page by page: the app sends the cursor of one answer to get the next page.
// For messages it can also ask for a time from oldest to latest. This file reads these arguments, and picks the
// items of a page.

// Window says which messages of a list a call asks for. Times are in microseconds since 1970, as
// workspace.ParseTS returns them.
type Window struct {
	Oldest, Latest int64
	inclusive      bool  // messages at exactly Oldest and Latest are included
	Limit          int   // the greatest number of messages in a page
	After          int64 // time of the last message of the page before; 0 on the first page
	full           bool  // the answer includes the payload of messages' metadata
}

// Window reads which messages a call asks for. It fails if a time, the limit or the cursor can't be read.
func (c *Call) Window(standardLimit, maxLimit int) (Window, *workspace.Refusal) {
	w := Window{inclusive: c.Flag("inclusive"), Limit: standardLimit, Latest: math.MaxInt64, full: c.Flag("include_all_metadata")}
	if v := c.Str("oldest"); v != "" {
		us, ok := workspace.ParseTS(v)
		if !ok {
			return w, workspace.Refuse("invalid_ts_oldest")
		}
		w.Oldest = us
	}

	latest := c.Str("latest")
	if latest != "" && latest != "now" {
		us, ok := workspace.ParseTS(latest)
		if !ok {
			return w, workspace.Refuse("invalid_ts_latest")
		}
		w.Latest = us
	}

	limit, position, err := c.Page(standardLimit, maxLimit)
	w.Limit = limit
	w.After = int64(position)
	return w, err
}

// Page reads the arguments limit and cursor. position is where the page begins, in the unit of the method that
// made the cursor: a number of items or a time. 0 is the beginning.
// Errors: invalid_limit, invalid_cursor.
func (c *Call) Page(standardLimit, maxLimit int) (limit, position int, err *workspace.Refusal) {
	limit = standardLimit
	if v := c.Str("limit"); v != "" {
		n, e := strconv.Atoi(v)
		if e != nil || n < 0 {
			return 0, 0, workspace.Refuse("invalid_limit")
		}
		if n > 0 { // 0 means the standard
			limit = min(n, maxLimit)
		}
	}

	if v := c.Str("cursor"); v != "" {
		n, ok := parseCursor(v)
		if !ok {
			return 0, 0, workspace.Refuse("invalid_cursor")
		}
		position = n
	}

	return limit, position, nil
}

// parseCursor returns the position that ResponseMetadata wrote into a cursor.
func parseCursor(cursor string) (position int, ok bool) {
	text, err := base64.StdEncoding.DecodeString(cursor)
	if err != nil {
		return 0, false
	}
	position, err = strconv.Atoi(strings.TrimPrefix(string(text), "next:"))
	return position, err == nil && position >= 0
}

// ResponseMetadata returns the response_metadata of a page: with the cursor of the page that begins at
// position, or an empty one if position is 0.
func ResponseMetadata(position int) Reply {
	cursor := ""
	if position > 0 {
		cursor = base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(position)))
	}
	return Reply{"next_cursor": cursor}
}

// Limits of a page, for methods whose documentation names none.
const (
	standardPage = 100
	maxPage      = 1000
)

// PageOf returns the items of the page that a call asks for. next is where the page after it begins; 0 means
// that it is the last one.
func PageOf[T any](c *Call, all []T) (page []T, next int, err *workspace.Refusal) {
	limit, position, err := c.Page(standardPage, maxPage)
	if err != nil {
		return nil, 0, err
	}
	begin := min(position, len(all))
	end := min(begin+limit, len(all))
	if end < len(all) {
		next = end
	}
	return all[begin:end], next, nil
}

// Holds reports whether the time of a message is in the window.
func (w Window) Holds(m *workspace.Message) bool {
	us := m.Micros()
	if w.inclusive {
		return us >= w.Oldest && us <= w.Latest
	}
	return us > w.Oldest && us < w.Latest
}

// Show returns a copy of a message as the call gets it: without the payload of its metadata, unless it asked
// for that.
func (w Window) Show(m *workspace.Message) *workspace.Message {
	n := m.Clone()
	if n.Metadata != nil && !w.full {
		n.Metadata = &workspace.Metadata{EventType: n.Metadata.EventType}
	}
	return n
}

// FirstAfter returns the index of the first reply of a page: the first that is not older than the window, and
// later than the page before.
func FirstAfter(list []*workspace.Message, w Window) int {
	return sort.Search(len(list), func(i int) bool {
		us := list[i].Micros()
		return us >= w.Oldest && us > w.After
	})
}

// List reads an argument that is a JSON array or a list with commas.
func List(v string) []string {
	var list []string
	if json.Unmarshal([]byte(v), &list) == nil {
		return list
	}
	for p := range strings.SplitSeq(v, ",") {
		if p = strings.TrimSpace(p); p != "" {
			list = append(list, p)
		}
	}
	return list
}
