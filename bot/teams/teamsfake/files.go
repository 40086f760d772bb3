package teamsfake

import (
	"cmp"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// library keeps the organisation's files and pictures. Guarded by the lock.
type library struct {
	*ground
	org   *organisation
	files map[string]*File
	sites []string // addresses of those whose files Sites.Selected opens
}

// reset forgets all files. Caller holds the lock.
func (l *library) reset() { l.files, l.sites = map[string]*File{}, nil }

// keepFile stores a person's file in the channel's document library or in the OneDrive, or a
// pasted picture as hosted content. Caller holds the lock.
func (l *library) keepFile(user, place string, in NewFile) *File {
	kind, _, _ := strings.Cut(http.DetectContentType(in.Data), ";")
	f := &File{ID: l.guid("file"), Name: in.Name, Type: cmp.Or(in.Type, kind), Size: int64(len(in.Data)), Image: in.Image, Data: in.Data}
	switch ch := l.org.channels[place]; {
	case in.URL != "":
		f.URL, f.Elsewhere = in.URL, true
	case f.Image:
		f.URL = l.imageURL(f)
	case in.OneDrive, ch == nil, ch.person != "":
		f.URL = l.driveURL(user) + "/Microsoft%20Teams%20Chat%20Files/" + url.PathEscape(f.Name)
	default:
		f.URL = l.folderURL(ch) + "/" + url.PathEscape(f.Name)
	}
	l.files[f.ID] = f
	l.note(Change{Kind: "file", ID: f.ID, Channel: place})
	return f
}

// siteURL is the address of a channel's site: the team's, or a private or shared channel's own.
func (l *library) siteURL(ch *channel) string {
	name := l.org.teams[ch.Team].GroupID[:8]
	if ch.Kind == KindPrivate || ch.Kind == KindShared {
		name += "-" + hash("site", ch.ID)[:6]
	}
	return l.host.URL() + "/sites/" + name
}

// folderURL is the address of a channel's folder in SharePoint.
func (l *library) folderURL(ch *channel) string {
	return l.siteURL(ch) + "/Shared%20Documents/" + url.PathEscape(ch.Name)
}

// driveURL is the address of a person's OneDrive.
func (l *library) driveURL(user string) string {
	name := user
	if u := l.org.users[user]; u != nil && u.Email != "" {
		name = u.Email
	}
	return l.host.URL() + "/personal/" + strings.NewReplacer("@", "_", ".", "_").Replace(name) + "/Documents"
}

// lies finds the file at an address, as SharePoint reads one: without case, and resolved.
func (l *library) lies(address string) *File {
	for _, f := range l.files {
		if !f.Image && !f.Elsewhere && strings.EqualFold(resolved(f.URL), resolved(address)) {
			return f
		}
	}
	return nil
}

func resolved(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host + path.Clean(u.Path)
}

// imageURL is where the bot gets a pasted picture with its token.
func (l *library) imageURL(f *File) string {
	return l.serviceURL() + "v3/attachments/" + f.ID + "/views/original"
}

// downloadURL is a short-lived address that needs no token.
func (l *library) downloadURL(f *File) string {
	return l.host.URL() + "/download/" + f.ID + "?tempauth=" + hash("download", f.ID)[:24]
}

// File returns a file by its id, or nil. The bytes are in Data.
func (s *Server) File(id string) *File {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.files.files[id]; f != nil {
		c := *f
		return &c
	}
	return nil
}

// Files lists all files and pictures, in no order.
func (s *Server) Files() []*File {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []*File{}
	for _, f := range s.files.files {
		c := *f
		out = append(out, &c)
	}
	return out
}
