package slackfake

import (
	"cmp"
	"encoding/json"
	"path"
	"slices"
	"strconv"
	"strings"

	"parley/channels/emulator"
)

// This file emulates files in Slack. The app posts a file in three steps: it requests a URL for the upload, which contains a
// ticket; it sends the content to that URL; and it asks Slack to share the file in a channel (completeUpload). Slack posts
// the message with the file later, after Options.FileShareDelay.
//
// "The lock" is workspace.Ground.Mu, which guards the whole emulated workspace.

// canvasMode is the mode of a canvas, which is a document in Slack. It has a title instead of a name, and no content.
const canvasMode = "quip"

// maxFileBytes is Slack's limit for one file (1 GB).
const maxFileBytes = 1 << 30

// upload is an upload for which files.getUploadURLExternal has returned a ticket.
type upload struct {
	file *File
	done bool // the content has arrived
}

// library has the files of the workspace. The lock guards it.
type library struct {
	*Ground
	events  *Events
	files   map[string]*File
	uploads map[string]*upload // by ticket
}

// reset removes all files. The caller must hold the lock.
func (l *library) reset() { l.files, l.uploads = map[string]*File{}, map[string]*upload{} }

// fileAPI emulates the Web API's files.* methods, and the uploads and downloads.
type fileAPI struct {
	*Ground
	files  *library
	rooms  *rooms
	board  *board
	sched  *Schedule
	grant  *Grant
	faults *emulator.FaultPlan
}

// newFile adds a file, with the fields that Slack derives from its name and content. The caller must hold the lock.
func (l *library) newFile(name, user, team string, data []byte) *File {
	f := &File{ID: l.NewID("F"), Name: name, Title: name, User: user, UserTeam: team, Mode: "hosted", FileAccess: "visible"}
	f.Created = l.Now().Unix()
	f.Timestamp = f.Created
	f.SetData(data)
	base := l.BaseURL() + "/files-pri/" + l.Opt.TeamID + "-" + f.ID
	leaf := strings.ReplaceAll(strings.ToLower(path.Base(name)), " ", "_")
	f.URLPrivate, f.URLPrivateDownload = base+"/"+leaf, base+"/download/"+leaf
	f.Permalink = l.Opt.WorkspaceURL + "files/" + user + "/" + f.ID + "/" + leaf
	l.files[f.ID] = f
	return f
}

// keepFile adds a file that a person posts. The caller must hold the lock.
func (l *library) keepFile(in NewFile, user, team string) *File {
	f := l.newFile(in.Name, user, team, in.Data)
	if in.Mimetype != "" {
		f.Mimetype = in.Mimetype
	}
	if in.FileAccess != "" {
		f.FileAccess = in.FileAccess
	}

	if in.ExternalURL != "" || in.Mode == "external" {
		f.Mode = "external"
		f.IsExternal = true
		f.ExternalType = "gdrive"
		f.ExternalURL = in.ExternalURL
		f.URLPrivate, f.URLPrivateDownload = in.ExternalURL, ""
		return f
	}

	if in.Mode != "" {
		f.Mode = in.Mode
	}
	if in.Mode == canvasMode {
		f.Name, f.Title = "-", in.Name
		f.Mimetype = "application/vnd.slack-docs"
	}
	if in.Mode == "hidden_by_limit" || in.Mode == "tombstone" {
		f.URLPrivate, f.URLPrivateDownload = "", ""
		f.Data = nil
	}

	return f
}

// shareAll records that a new message shows its files, and emits file_shared for each. The caller must hold the lock.
func (l *library) shareAll(ch *channel, m *Message) {
	kind := "public"
	if ch.Private || ch.IM {
		kind = "private"
	}

	for _, f := range m.Files {
		if f.Shares == nil {
			f.Shares = map[string]map[string][]*Share{}
		}
		if f.Shares[kind] == nil {
			f.Shares[kind] = map[string][]*Share{}
		}

		f.Shares[kind][ch.ID] = append(f.Shares[kind][ch.ID], &Share{
			TS: m.TS, ThreadTS: m.ThreadTS, ReplyUsers: []string{}, ChannelName: ch.Name, TeamID: l.Opt.TeamID, ShareUserID: f.User,
		})

		f.IsPublic = f.IsPublic || kind == "public"
		switch {
		case ch.IM:
			f.IMs = append(f.IMs, ch.ID)
		case ch.Private:
			f.Groups = append(f.Groups, ch.ID)
		default:
			f.Channels = append(f.Channels, ch.ID)
		}

		l.Note(Change{Kind: "file", ID: f.ID, Channel: ch.ID, TS: m.TS})
		l.events.Emit("file_shared", &ch.Channel, map[string]any{
			"type": "file_shared", "file_id": f.ID, "user_id": f.User, "file": map[string]any{"id": f.ID}, "channel_id": ch.ID,
		})
	}
}

// refreshShares updates the number of replies in the files of a thread's first message. The caller must hold the lock.
func (l *library) refreshShares(ch *channel, t *thread) {
	for _, f := range t.root.Files {
		for _, places := range f.Shares {
			for _, sh := range places[ch.ID] {
				if sh.TS == t.root.TS {
					sh.ReplyCount = t.root.ReplyCount
					sh.ReplyUsersCount = t.root.ReplyUsersCount
					sh.LatestReply = t.root.LatestReply
					sh.ReplyUsers = slices.Clone(t.root.ReplyUsers)
				}
			}
		}
	}
}

func (a *fileAPI) uploadURL(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	name := c.Str("filename")
	n, err := strconv.ParseInt(c.Str("length"), 10, 64)

	if name == "" || c.Str("length") == "" {
		return nil, Refuse("invalid_arguments", "[ERROR] missing required field: filename or length")
	}
	if err != nil || n < 0 {
		return nil, Refuse("invalid_arguments", "[ERROR] length must be an integer")
	}
	if n == 0 {
		return nil, Refuse("missing_argument")
	}
	if n > maxFileBytes {
		return nil, Refuse("file_upload_size_restricted")
	}

	f := a.files.newFile(name, a.Opt.BotUser, a.Opt.TeamID, nil)
	f.Size, f.AltTxt = n, c.Str("alt_txt")
	delete(a.files.files, f.ID) // completeUpload adds it again
	ticket := a.Secret(48)
	a.files.uploads[ticket] = &upload{file: f}
	return Reply{"upload_url": a.BaseURL() + "/upload/v1/" + ticket, "file_id": f.ID}, nil
}

func (a *fileAPI) completeUpload(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	var list []struct {
		ID    string  `json:"id"`
		Title *string `json:"title"`
	}
	if json.Unmarshal(c.Raw("files"), &list) != nil || len(list) == 0 {
		return nil, Refuse("invalid_arguments", "[ERROR] missing required field: files")
	}

	places, err := a.uploadPlaces(c)
	if err != nil {
		return nil, err
	}
	text, blocks, err := a.uploadText(c)
	if err != nil {
		return nil, err
	}

	var files []*File
	for _, x := range list {
		u := a.files.uploadOf(x.ID)
		if u == nil || !u.done {
			return nil, Refuse("file_not_found")
		}
		if x.Title != nil {
			u.file.Title = cmp.Or(*x.Title, "Untitled")
		}
		files = append(files, u.file)
	}

	out := []*File{}
	for _, f := range files {
		a.files.files[f.ID] = f
		delete(a.files.uploads, a.files.ticketOf(f.ID))
		out = append(out, f.Clone())
	}

	if !c.NoShare {
		thread := c.Str("thread_ts")
		for _, ch := range places {
			a.sched.After(a.Opt.FileShareDelay, func() { a.shareUpload(ch, thread, text, blocks, files) })
		}
	}
	return Reply{"files": out}, nil
}

// uploadPlaces returns the channels in which a completed upload must be shared.
func (a *fileAPI) uploadPlaces(c *WebcallCall) ([]*channel, *WorkspaceRefusal) {
	ids := List(c.Str("channels"))
	if id := c.Str("channel_id"); id != "" {
		ids = append(ids, id)
	}

	var out []*channel
	for _, id := range ids {
		ch, err := a.rooms.findChannel(id)
		if err == nil {
			err = a.checkPlace(ch, c.Str("thread_ts"))
		}
		if err != nil {
			return nil, err
		}
		out = append(out, ch)
	}
	return out, nil
}

// checkPlace returns an error if the app can't share a file in a channel, or in a thread there. thread is "" for the top
// level.
func (a *fileAPI) checkPlace(ch *channel, thread string) *WorkspaceRefusal {
	switch {
	case ch.Archived:
		return Refuse("is_archived")
	case !ch.members[a.Opt.BotUser]:
		return Refuse("not_in_channel")
	case thread == "":
		return nil
	}

	_, isTS := ParseTS(thread)
	root := ch.byTS[thread]
	isReply := root != nil && root.IsReply()
	if !isTS || isReply {
		return Refuse("invalid_thread_ts")
	}
	if ch.isLocked(thread) {
		return Refuse("restricted_action_thread_locked")
	}
	return nil
}

// uploadText returns the text for the message of an upload or, if there is none, its blocks.
func (a *fileAPI) uploadText(c *WebcallCall) (string, json.RawMessage, *WorkspaceRefusal) {
	blocks, err := a.CheckBlocks(c.Raw("blocks"), OnMessage)
	if err != nil {
		return "", nil, err
	}

	for _, b := range blocks {
		m, _ := b.(Object)
		if m["type"] == "markdown" {
			return "", nil, Refuse("internal_error")
		}
	}

	text := c.Str("initial_comment")
	if text != "" || len(blocks) == 0 {
		return text, nil, nil
	}

	return "", MustJSON(blocks), nil
}

func (l *library) ticketOf(file string) string {
	for t, u := range l.uploads {
		if u.file.ID == file {
			return t
		}
	}
	return ""
}

func (l *library) uploadOf(file string) *upload { return l.uploads[l.ticketOf(file)] }

// shareUpload posts the message that shows completed files. As in Slack, that happens after completeUpload has returned.
func (a *fileAPI) shareUpload(ch *channel, thread, text string, blocks json.RawMessage, files []*File) {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	isUpload := false // as Slack reports it for files of apps
	m := &Message{
		Subtype: "file_share", User: a.Opt.BotUser, BotID: a.Opt.BotID, AppID: a.Opt.AppID,
		Text: text, Blocks: blocks, Files: files, Upload: &isUpload, ThreadTS: thread,
	}
	a.board.insertMessage(ch, m)
	a.files.shareAll(ch, m)
}

func (a *fileAPI) fileInfo(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	f := a.files.files[c.Str("file")]
	if f == nil {
		return nil, Refuse("file_not_found")
	}
	if f.Mode == "tombstone" {
		return nil, Refuse("file_deleted")
	}
	n := *f
	if n.FileAccess == "check_file_info" {
		n.FileAccess = "visible"
	}
	return Reply{"file": &n, "comments": []any{}, "response_metadata": ResponseMetadata(0)}, nil
}

// deleteFile implements files.delete. The app can delete only its own files. In messages a tombstone replaces the file.
func (a *fileAPI) deleteFile(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	f := a.files.files[c.Str("file")]
	if f == nil {
		return nil, Refuse("file_not_found")
	}
	if f.Mode == "tombstone" {
		return nil, Refuse("file_deleted")
	}
	if f.User != a.Opt.BotUser {
		return nil, Refuse("cant_delete_file")
	}
	a.files.buryFile(f)
	return Reply{}, nil
}

func (l *library) buryFile(f *File) {
	*f = File{ID: f.ID, Name: f.Name, User: f.User, Mode: "tombstone", Created: f.Created, Timestamp: f.Timestamp}
	l.Note(Change{Kind: "file", ID: f.ID})
}

// NewFile is a file that a person posts.
type NewFile struct {
	Name        string `json:"name"`
	Mimetype    string `json:"mimetype,omitempty"` // "" means that it is detected
	Data        []byte `json:"data,omitempty"`     // base64 in JSON
	ExternalURL string `json:"external_url,omitempty"`
	Mode        string `json:"mode,omitempty"`        // default hosted; snippet, external, hidden_by_limit, tombstone, quip (a canvas)
	FileAccess  string `json:"file_access,omitempty"` // default visible; check_file_info
}
