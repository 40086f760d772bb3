package teams

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"parley/bot/forms"
	"parley/bridge"
	"parley/channels"
	"parley/channels/wire"
)

// Agents attach files to their messages and paste pictures into them. Both go to the customer with the text. When a
// message arrives, describeFiles looks up the files' names, types and sizes. When the message is sent to the customer,
// Open reads the files from where Microsoft stores them: pasted pictures in Teams, attached files in SharePoint or
// OneDrive. We learn about attached files from Graph, Microsoft's API for reading.

// inspectTimeout bounds the inspection of a message's files before the message is stored.
const inspectTimeout = 3 * time.Second

type files struct {
	*Organisation

	libraries forms.Map[library] // where the files of channels and people are; see libraryOf
}

// describeFiles looks up the names, types and sizes of a message's files, and whether we may read them. Best effort,
// within inspectTimeout. A file about which nothing can be found out now may still be readable later.
func (fs *files) describeFiles(ctx context.Context, p Payload, a *Activity) []Attached {
	ids := p.Text(a).Files
	images := Pictures(a)
	if len(ids) == 0 && len(images) == 0 {
		return nil
	}

	ctx, cancel := context.WithTimeout(ctx, inspectTimeout)
	defer cancel()
	var out []Attached
	for n, at := range images {
		out = append(out, fs.inspectPicture(ctx, n, at))
	}

	if len(ids) == 0 || IsInPersonalChat(a) { // Graph shows us no chats
		return out
	}

	shown, err := fs.readYoung(ctx, PlaceOf(a), ids)
	if errors.Is(err, ErrNotGranted) {
		return out // the missing files count as unreadable when the message is decoded
	}
	if err != nil {
		fs.Log.Warn("teams files of a message not read", "error", err)
	}

	for _, f := range shown {
		if !slices.Contains(ids, f.ID) {
			continue
		}
		if f.Unavailable == "" {
			f = fs.inspectFile(ctx, OriginOf(a), f)
		}
		out = append(out, f)
	}

	for _, id := range missingFrom(shown, ids) {
		out = append(out, Attached{ID: id, Unavailable: NotShown})
	}

	return out
}

// readYoung reads the files of a message that has just been written. Graph may show the message, or all its files
// (ids), only after some seconds, so readYoung polls until they are there or ctx ends. It returns the files that Graph
// has shown by then.
func (fs *files) readYoung(ctx context.Context, at bridge.Place, ids []string) (shown []Attached, err error) {
	const pollInterval = 300 * time.Millisecond
	for {
		m, err := fs.ReadMessage(ctx, at, at.Message)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return shown, err
		}
		if err == nil {
			shown = FilesOf(&m)
			if len(missingFrom(shown, ids)) == 0 {
				return shown, nil
			}
		}
		if !wire.For(ctx, pollInterval) {
			return shown, err
		}
	}
}

func missingFrom(shown []Attached, ids []string) []string {
	isShown := func(id string) bool {
		return slices.ContainsFunc(shown, func(f Attached) bool { return f.ID == id })
	}
	return slices.DeleteFunc(slices.Clone(ids), isShown)
}

// sniffedBytes is how many bytes of a file http.DetectContentType examines.
const sniffedBytes = 512

// inspectPicture describes the n-th pasted picture of a message. It reads the picture's beginning to detect its type.
func (fs *files) inspectPicture(ctx context.Context, n int, at Attachment) Attached {
	f := DescribePasted(n, at)
	if !leadsToAttachment(at.ContentURL) {
		return f
	}

	answer, err := fs.Bot.Download(ctx, at.ContentURL)
	if err != nil {
		return f
	}
	defer answer.Close() //nolint:errcheck // the rest isn't wanted
	head := make([]byte, sniffedBytes)
	read, _ := io.ReadFull(answer, head) //nolint:errcheck // the picture may be shorter
	if kind, _, _ := strings.Cut(http.DetectContentType(head[:read]), ";"); strings.HasPrefix(kind, "image/") {
		f.Type = kind
	}
	if at.Name == "" {
		f.Name = PictureName(n, f.Type)
	}

	f.Bytes = max(answer.SizeBytes, 0)
	return f
}

// inspectFile adds the type and size of a file in SharePoint to f, or the reason why the file can't be read. o is where
// it was attached.
func (fs *files) inspectFile(ctx context.Context, o Origin, f Attached) Attached {
	address, err := fs.allowedAddress(ctx, o, f.URL)
	switch {
	case errors.Is(err, errElsewhere):
		f.URL, f.Unavailable = "", fileElsewhere
	case errors.Is(err, ErrNotGranted):
		f.URL, f.Unavailable = "", NoFileAccess
	}

	if err != nil {
		return f
	}

	answer, err := fs.Graph.File(ctx, address)
	switch {
	case errors.Is(err, ErrNotGranted):
		f.URL, f.Unavailable = "", NoFileAccess
	case errors.Is(err, ErrNotFound):
		f.URL, f.Unavailable = "", "deleted"
	case err == nil:
		kind, _, err := mime.ParseMediaType(answer.ContentType)
		if err == nil && kind != "application/octet-stream" { // an unspecific type
			f.Type = kind
		}

		f.Bytes = max(answer.SizeBytes, 0)
		answer.Close() //nolint:errcheck // only its header was needed
	}

	return f
}

// download reads a file from its address, which leads to Teams, to a message in Graph, or to SharePoint. o is where the
// file was attached.
// Errors: errElsewhere, errDeleted, the service's.
func (fs *files) download(ctx context.Context, o Origin, address string) (*Answer, error) {
	withToken, err := fs.Hosts.Check(address)
	isTeams := err == nil && withToken
	if isTeams && leadsToAttachment(address) {
		return fs.Bot.Download(ctx, address)
	}
	if strings.Contains(address, HostedPart) {
		return fs.downloadHosted(ctx, o, address)
	}
	allowed, err := fs.allowedAddress(ctx, o, address)
	if err != nil {
		return nil, err
	}

	answer, err := fs.Graph.File(ctx, allowed)
	if errors.Is(err, ErrNotFound) {
		return nil, errDeleted
	}
	return answer, err
}

// attachmentPath matches the path of an attachment in Teams: /REGION/v3/attachments/ID/views/VIEW.
var attachmentPath = regexp.MustCompile(`^(/[A-Za-z0-9-]+)*/v3/attachments/[^/]+(/views/[^/]+)?$`)

// leadsToAttachment reports whether an address in Teams leads to an attachment. Whoever writes the HTML of a message
// chooses the addresses of its pictures, and with our token every address in Teams could be read.
func leadsToAttachment(address string) bool {
	u, err := url.Parse(address)
	return err == nil && path.Clean(u.Path) == u.Path && attachmentPath.MatchString(u.Path)
}

// downloadHosted reads a picture that was pasted into a message. Its address in Graph is
// …/teams/{group}/channels/{channel}/messages/{root}[/replies/{id}]/hostedContents/{content}/$value.
func (fs *files) downloadHosted(ctx context.Context, o Origin, address string) (*Answer, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}

	ids := map[string]string{} // "teams" → group, "channels" → channel and so on
	parts := strings.Split(u.Path, "/")
	for i := 0; i+1 < len(parts); i++ {
		ids[parts[i]] = parts[i+1]
	}

	if ids["channels"] != o.Channel {
		return nil, errElsewhere
	}

	thread := Thread{Group: ids["teams"], Channel: ids["channels"], Root: ids["messages"]}
	return fs.Graph.Picture(ctx, thread, cmp.Or(ids["replies"], thread.Root), ids["hostedContents"])
}

// errFile is wrapped in every error of Open.
var errFile = errors.New("teams: file")

// errDeleted means that a file was deleted after it was attached.
var errDeleted = errors.New("teams: the file was deleted")

const uploadAgain = "Upload the file itself and send again."

// unreadable returns the error for a file for which retrying is useless. hint may be "".
func unreadable(f bridge.SurfaceFile, why, hint string, cause error) *channels.SendError {
	return &channels.SendError{Class: channels.BadContent, Text: f.Name + " can't be read: " + why, Hint: hint, Cause: cause}
}

// Open reads a file that a person attached. The caller must close it. Our tokens are sent only to Teams' own hosts and
// to Graph.
// Errors: all wrap errFile. A *channels.SendError of the class BadContent means that retrying is useless.
func (fs *files) Open(ctx context.Context, f bridge.SurfaceFile) (io.ReadCloser, error) {
	if f.Unavailable != "" {
		return nil, fmt.Errorf("%w: %s", errFile, f.Unavailable)
	}

	o, address := Unseal(f.URL)
	answer, err := fs.download(ctx, o, address)
	if errors.Is(err, errElsewhere) {
		return nil, unreadable(f, fileElsewhere, uploadAgain, errFile)
	}
	if errors.Is(err, errDeleted) {
		return nil, unreadable(f, "deleted", uploadAgain, errFile)
	}
	if errors.Is(err, ErrNotGranted) {
		const hint = "" // NoFileAccess says what to do
		return nil, unreadable(f, NoFileAccess, hint, fmt.Errorf("%w: %w", errFile, err))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFile, err)
	}

	kind, _, _ := mime.ParseMediaType(answer.ContentType) //nolint:errcheck // an unreadable type is "", which isn't a page
	isSignInPage := kind == "text/html" && !strings.Contains(f.ContentType, "html")
	if isSignInPage {
		answer.Close() //nolint:errcheck // it isn't used
		return nil, unreadable(f, "Microsoft shows a web page instead of it", uploadAgain, errFile)
	}

	return answer, nil
}
