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

	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/organisation"
	"parley/bot/teams/recent"
	"parley/bot/teams/rest"
	"parley/bridge"
	"parley/channels"
)

// lookTime bounds the time for finding out about a message's files before it is stored.
const lookTime = 3 * time.Second

// files reads what people attached, where we may.
type files struct {
	*organisation.Organisation

	libraries *recent.Map[library] // the libraries of channels and people, by name
}

// attachments finds out the names of a message's files and whether we may read them. Best effort: what
// isn't known in time is asked again when the file is read.
func (fs *files) attachments(ctx context.Context, p fact.Payload, a *connector.Activity) []fact.Attached {
	ids, images := p.Text(a).Files, fact.Pictures(a)
	if len(ids) == 0 && len(images) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	var out []fact.Attached
	for n, at := range images {
		out = append(out, fs.look(ctx, n, at))
	}
	if len(ids) == 0 {
		return out
	}
	at := fact.PlaceOf(a)
	m, err := organisation.Patient(ctx, fs.Organisation, at.Channel, func(ctx context.Context, group string) (graph.Message, error) {
		return fs.Graph.Message(ctx, group, at.Channel, fact.Root(at), at.Message)
	})
	if err != nil {
		if !errors.Is(err, graph.ErrNotGranted) {
			fs.Log.Warn("teams files of a message not read", "error", err)
		}
		return out // files that are not in the list are decoded as unreadable
	}
	for _, f := range organisation.FilesOf(&m) {
		if slices.Contains(ids, f.ID) {
			out = append(out, fs.readable(ctx, fact.OriginOf(a), f))
		}
	}
	return out
}

// look reads the beginning of a pasted picture to learn its type and size.
func (fs *files) look(ctx context.Context, n int, at connector.Attachment) fact.Attached {
	f := fact.Pasted(n, at)
	answer, err := fs.Bot.Download(ctx, at.ContentURL)
	if err != nil {
		return f
	}
	defer answer.Close() //nolint:errcheck // given up
	head := make([]byte, 512)
	read, _ := io.ReadFull(answer, head) //nolint:errcheck // a short picture is fine
	if kind, _, _ := strings.Cut(http.DetectContentType(head[:read]), ";"); strings.HasPrefix(kind, "image/") {
		f.Type = kind
	}
	if at.Name == "" {
		f.Name = fact.PictureName(n, f.Type)
	}
	f.Bytes = max(answer.SizeBytes, 0)
	return f
}

// readable finds out whether a file in SharePoint may be read.
func (fs *files) readable(ctx context.Context, o fact.Origin, f fact.Attached) fact.Attached {
	address, err := fs.admit(ctx, o, f.URL)
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
		if kind, _, err := mime.ParseMediaType(answer.ContentType); err == nil && kind != "application/octet-stream" {
			f.Type = kind
		}
		f.Bytes = max(answer.SizeBytes, 0)
		answer.Close() //nolint:errcheck // only its head was wanted
	}
	return f
}

// fetch reads a file from where its address says: Teams, the message in Graph, or SharePoint.
func (fs *files) fetch(ctx context.Context, o fact.Origin, address string) (*rest.Answer, error) {
	if withToken, err := fs.Hosts.Check(address); err == nil && withToken && strings.Contains(address, "/v3/attachments/") {
		return fs.Bot.Download(ctx, address)
	}
	if strings.Contains(address, organisation.HostedPart) {
		return fs.hosted(ctx, o, address)
	}
	address, err := fs.admit(ctx, o, address)
	if err != nil {
		return nil, err
	}
	return fs.Graph.File(ctx, address)
}

// hosted reads a picture of the channel by Graph's address:
// …/teams/{group}/channels/{channel}/messages/{root}[/replies/{id}]/hostedContents/{content}/$value.
func (fs *files) hosted(ctx context.Context, o fact.Origin, address string) (*rest.Answer, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	at := map[string]string{}
	parts := strings.Split(u.Path, "/")
	for i := 0; i+1 < len(parts); i++ {
		at[parts[i]] = parts[i+1]
	}
	if at["channels"] != o.Channel {
		return nil, errElsewhere
	}
	return fs.Graph.Picture(ctx, at["teams"], at["channels"], at["messages"], cmp.Or(at["replies"], at["messages"]), at["hostedContents"])
}

// errFile is the root of what Open returns.
var errFile = errors.New("teams: file")

// Open reads a file that a person attached. The token goes to Teams' own hosts and to Graph alone.
func (fs *files) Open(ctx context.Context, f bridge.SurfaceFile) (io.ReadCloser, error) {
	if f.Unavailable != "" {
		return nil, fmt.Errorf("%w: %s", errFile, f.Unavailable)
	}
	o, address := fact.Unseal(f.URL)
	answer, err := fs.fetch(ctx, o, address)
	if errors.Is(err, errElsewhere) {
		return nil, &channels.SendError{Class: channels.BadContent, Text: f.Name + " can't be read: " + fileElsewhere, Hint: "Upload the file itself and send again.", Cause: errFile}
	}
	if errors.Is(err, graph.ErrNotGranted) {
		return nil, fmt.Errorf("%w: %s: %w", errFile, fact.NoFileAccess, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFile, err)
	}
	if kind, _, _ := mime.ParseMediaType(answer.ContentType); kind == "text/html" && !strings.Contains(f.ContentType, "html") { //nolint:errcheck // then it is none
		answer.Close() //nolint:errcheck // refused already
		return nil, fmt.Errorf("%w: a web page instead of the file", errFile)
	}
	return answer, nil
}
