package teamsfake

import (
	"cmp"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// keepFile stores a person's file in the channel's document library or in the OneDrive, or a
// pasted picture as hosted content. Caller holds s.mu.
func (s *Server) keepFile(user, place string, in NewFile) *File {
	kind, _, _ := strings.Cut(http.DetectContentType(in.Data), ";")
	f := &File{ID: s.guid("file"), Name: in.Name, Type: cmp.Or(in.Type, kind), Size: int64(len(in.Data)), Image: in.Image, Data: in.Data}
	switch ch := s.channels[place]; {
	case in.URL != "":
		f.URL, f.Elsewhere = in.URL, true
	case f.Image:
		f.URL = s.imageURL(f)
	case in.OneDrive, ch == nil, ch.person != "":
		f.URL = s.driveURL(user) + "/Microsoft%20Teams%20Chat%20Files/" + url.PathEscape(f.Name)
	default:
		f.URL = s.folderURL(ch) + "/" + url.PathEscape(f.Name)
	}
	s.files[f.ID] = f
	s.note(Change{Kind: "file", ID: f.ID, Channel: place})
	return f
}

// siteURL is the address of a channel's site: the team's, or a private or shared channel's own.
func (s *Server) siteURL(ch *channel) string {
	name := s.teams[ch.Team].GroupID[:8]
	if ch.Kind == KindPrivate || ch.Kind == KindShared {
		name += "-" + hash("site", ch.ID)[:6]
	}
	return s.url + "/sites/" + name
}

// folderURL is the address of a channel's folder in SharePoint.
func (s *Server) folderURL(ch *channel) string {
	return s.siteURL(ch) + "/Shared%20Documents/" + url.PathEscape(ch.Name)
}

// driveURL is the address of a person's OneDrive.
func (s *Server) driveURL(user string) string {
	name := user
	if u := s.users[user]; u != nil && u.Email != "" {
		name = u.Email
	}
	return s.url + "/personal/" + strings.NewReplacer("@", "_", ".", "_").Replace(name) + "/Documents"
}

// lies finds the file at an address, as SharePoint reads one: without case, and resolved.
func (s *Server) lies(address string) *File {
	for _, f := range s.files {
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
func (s *Server) imageURL(f *File) string {
	return s.serviceURL() + "v3/attachments/" + f.ID + "/views/original"
}

// downloadURL is a short-lived address that needs no token.
func (s *Server) downloadURL(f *File) string {
	return s.url + "/download/" + f.ID + "?tempauth=" + hash("download", f.ID)[:24]
}

// File returns a file by its id, or nil. The bytes are in Data.
func (s *Server) File(id string) *File {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.files[id]; f != nil {
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
	for _, f := range s.files {
		c := *f
		out = append(out, &c)
	}
	return out
}
