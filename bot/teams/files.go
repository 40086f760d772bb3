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
	"slices"
	"strings"
	"time"

	"parley/bot/recent"
	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/organisation"
	"parley/bot/teams/rest"
	"parley/bridge"
	"parley/channels"
	"parley/channels/pause"
)

// Agents attach files to their messages, and paste pictures into them; both go to the customer with the text. When a
// message arrives, describeFiles finds out what the files are. When it is sent to the customer, Open reads them, from
// Teams, SharePoint or OneDrive.

// inspectTimeout bounds the inspection of a message's files before the message is stored.
const inspectTimeout = 3 * time.Second

type files struct {
	*organisation.Organisation

	libraries *recent.Map[library] // the libraries of channels and people; see libraryOf
}

// describeFiles finds out the names, types and sizes of a message's files, and whether we may read them. Best effort,
// within inspectTimeout. What can't be found out now may be found when the file is read.
func (fs *files) describeFiles(ctx context.Context, p fact.Payload, a *connector.Activity) []fact.Attached {
	ids := p.Text(a).Files
	images := fact.Pictures(a)
	if len(ids) == 0 && len(images) == 0 {
		return nil
	}

	ctx, cancel := context.WithTimeout(ctx, inspectTimeout)
	defer cancel()
	var out []fact.Attached
	for n, at := range images {
		out = append(out, fs.inspectPicture(ctx, n, at))
	}

	if len(ids) == 0 || fact.IsInPersonalChat(a) { // Graph shows us nothing of a chat
		return out
	}

	shown, err := fs.readYoung(ctx, fact.PlaceOf(a), ids)
	if errors.Is(err, graph.ErrNotGranted) {
		return out // files that are not in the list are decoded as unreadable
	}
	if err != nil {
		fs.Log.Warn("teams files of a message not read", "error", err)
	}

	for _, f := range shown {
		if !slices.Contains(ids, f.ID) {
			continue
		}
		if f.Unavailable == "" {
			f = fs.inspectFile(ctx, fact.OriginOf(a), f)
		}
		out = append(out, f)
	}

	for _, id := range missingFrom(shown, ids) {
		out = append(out, fact.Attached{ID: id, Unavailable: fact.NotShown})
	}

	return out
}

// readYoung reads which files a message has of which Teams has just told us. Graph may show the message, or all its
// files (ids), only after some seconds, so it asks until they are there or ctx ends. Then it returns those that were
// shown.
func (fs *files) readYoung(ctx context.Context, at bridge.Place, ids []string) (shown []fact.Attached, err error) {
	const look = 300 * time.Millisecond // between two looks
	for {
		m, err := organisation.ReadPatiently(ctx, fs.Organisation, at.Channel, func(ctx context.Context, group string) (graph.Message, error) {
			return fs.Graph.Message(ctx, threadOf(group, at), at.Message)
		})
		if err == nil {
			shown = organisation.FilesOf(&m)
		}

		isWhole := err == nil && len(missingFrom(shown, ids)) == 0
		comesLater := err == nil || errors.Is(err, graph.ErrNotFound)
		if isWhole || !comesLater || !pause.For(ctx, look) {
			return shown, err
		}
	}
}

func missingFrom(shown []fact.Attached, ids []string) []string {
	isShown := func(id string) bool {
		return slices.ContainsFunc(shown, func(f fact.Attached) bool { return f.ID == id })
	}
	return slices.DeleteFunc(slices.Clone(ids), isShown)
}

// sniffedBytes is how much of a file http.DetectContentType looks at.
const sniffedBytes = 512

// inspectPicture describes a pasted picture, the n-th of its message. It reads the beginning to find out the type.
func (fs *files) inspectPicture(ctx context.Context, n int, at connector.Attachment) fact.Attached {
	f := fact.DescribePasted(n, at)
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
		f.Name = fact.PictureName(n, f.Type)
	}

	f.Bytes = max(answer.SizeBytes, 0)
	return f
}

// inspectFile finds out whether a file in SharePoint may be read, its type and its size. o: where it was attached.
func (fs *files) inspectFile(ctx context.Context, o fact.Origin, f fact.Attached) fact.Attached {
	address, err := fs.allowedAddress(ctx, o, f.URL)
	switch {
	case errors.Is(err, errElsewhere):
		f.URL, f.Unavailable = "", fileElsewhere
	case errors.Is(err, graph.ErrNotGranted):
		f.URL, f.Unavailable = "", fact.NoFileAccess
	}

	if err != nil {
		return f
	}

	answer, err := fs.Graph.File(ctx, address)
	switch {
	case errors.Is(err, graph.ErrNotGranted):
		f.URL, f.Unavailable = "", fact.NoFileAccess
	case errors.Is(err, graph.ErrNotFound):
		f.URL, f.Unavailable = "", "deleted"
	case err == nil:
		kind, _, err := mime.ParseMediaType(answer.ContentType)
		if err == nil && kind != "application/octet-stream" { // which says nothing about the file
			f.Type = kind
		}

		f.Bytes = max(answer.SizeBytes, 0)
		answer.Close() //nolint:errcheck // only its header was wanted
	}

	return f
}

// download reads a file from where its address says: from Teams, from the message in Graph, or from SharePoint. o
// says where it was attached.
// Errors: errElsewhere, errDeleted, the service's.
func (fs *files) download(ctx context.Context, o fact.Origin, address string) (*rest.Answer, error) {
	withToken, err := fs.Hosts.Check(address)
	isTeams := err == nil && withToken
	if isTeams && strings.Contains(address, "/v3/attachments/") {
		return fs.Bot.Download(ctx, address)
	}
	if strings.Contains(address, fact.HostedPart) {
		return fs.downloadHosted(ctx, o, address)
	}
	allowed, err := fs.allowedAddress(ctx, o, address)
	if err != nil {
		return nil, err
	}

	answer, err := fs.Graph.File(ctx, allowed)
	if errors.Is(err, graph.ErrNotFound) {
		return nil, errDeleted
	}
	return answer, err
}

// downloadHosted reads a picture that was pasted into a message, by Graph's address of it:
// …/teams/{group}/channels/{channel}/messages/{root}[/replies/{id}]/hostedContents/{content}/$value.
func (fs *files) downloadHosted(ctx context.Context, o fact.Origin, address string) (*rest.Answer, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}

	after := map[string]string{} // the id that follows each word of the path
	parts := strings.Split(u.Path, "/")
	for i := 0; i+1 < len(parts); i++ {
		after[parts[i]] = parts[i+1]
	}

	if after["channels"] != o.Channel {
		return nil, errElsewhere
	}

	thread := graph.Thread{Group: after["teams"], Channel: after["channels"], Root: after["messages"]}
	return fs.Graph.Picture(ctx, thread, cmp.Or(after["replies"], thread.Root), after["hostedContents"])
}

// errFile is wrapped in every error of Open.
var errFile = errors.New("teams: file")

// errDeleted means that a file was deleted after it was attached.
var errDeleted = errors.New("teams: the file was deleted")

const uploadAgain = "Upload the file itself and send again."

// unreadable returns the error of a file that can't be read, also at another try. hint may be "".
func unreadable(f bridge.SurfaceFile, why, hint string, cause error) *channels.SendError {
	return &channels.SendError{Class: channels.BadContent, Text: f.Name + " can't be read: " + why, Hint: hint, Cause: cause}
}

// Open reads a file that a person attached. The caller must close it. Our tokens are sent only to Teams' own hosts
// and to Graph.
// Errors: all wrap errFile. A *channels.SendError of the class BadContent means that another try is of no use.
func (fs *files) Open(ctx context.Context, f bridge.SurfaceFile) (io.ReadCloser, error) {
	if f.Unavailable != "" {
		return nil, fmt.Errorf("%w: %s", errFile, f.Unavailable)
	}

	o, address := fact.Unseal(f.URL)
	answer, err := fs.download(ctx, o, address)
	if errors.Is(err, errElsewhere) {
		return nil, unreadable(f, fileElsewhere, uploadAgain, errFile)
	}
	if errors.Is(err, errDeleted) {
		return nil, unreadable(f, "deleted", uploadAgain, errFile)
	}
	if errors.Is(err, graph.ErrNotGranted) {
		// Waiting doesn't help: the author is told at once, as if the file had been found unreadable when it was attached.
		return nil, unreadable(f, fact.NoFileAccess, "", fmt.Errorf("%w: %w", errFile, err))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFile, err)
	}

	kind, _, _ := mime.ParseMediaType(answer.ContentType)                //nolint:errcheck // an unreadable type is "", which isn't a page
	if kind == "text/html" && !strings.Contains(f.ContentType, "html") { // such as a page that asks to sign in
		answer.Close() //nolint:errcheck // refused already
		return nil, &channels.SendError{
			Class: channels.BadContent, Text: f.Name + " can't be read: Microsoft shows a web page instead of it",
			Hint: "Upload the file itself and send again.", Cause: errFile,
		}
	}

	return answer, nil
}
