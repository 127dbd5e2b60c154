package realms

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// longestFile is how long a realm file may be, in bytes: room for millions of users.
const longestFile = 8 << 30

// create makes the realm of a realm file. The file is kept on disk meanwhile, since it is read several times
// and may hold more users than there is memory for.
func (d Deps) create(w http.ResponseWriter, r *rest.Request) error {
	if !r.Administrator.CreatesRealms() {
		return rest.Forbidden
	}
	if err := r.IsJSON(); err != nil {
		return err
	}
	body, err := spool(patient(w, r))
	if err != nil {
		return err
	}
	defer body.remove()
	name, err := d.Realms.Create(r.Context(), r.Author, body.open)
	if _, unreadable := errors.AsType[*keycloak.Problem](err); unreadable {
		return rest.BadRequest("unable to read contents from stream")
	}
	if err != nil {
		return err
	}
	return rest.CreatedAt(w, r, "/admin/realms/"+url.PathEscape(name))
}

// uploadTime is how long a realm file may take to come in: other bodies are short, and have less.
const uploadTime = 30 * time.Minute

// patient is the body of a request that may take its time.
func patient(w http.ResponseWriter, r *rest.Request) io.Reader {
	// Where the deadline cannot be moved the body has the time of any other.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadTime))
	return r.Request.Body
}

// spooled is a body on disk.
type spooled struct{ path string }

func spool(from io.Reader) (*spooled, error) {
	f, err := os.CreateTemp("", "tokenhouse-realm-*.json") // mode 0600: it holds secrets
	if err != nil {
		return nil, err
	}
	s := &spooled{f.Name()}
	_, err = io.Copy(f, from)
	if err = errors.Join(err, f.Close()); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

func (s *spooled) open() (io.ReadCloser, error) { return os.Open(s.path) }
func (s *spooled) remove()                      { os.Remove(s.path) }

func (d Deps) update(w http.ResponseWriter, r *rest.Request) error {
	put, err := r.Body("Realm")
	if err != nil {
		return err
	}
	return rest.Done(w, d.Realms.Update(r.Context(), r.Author, r.Realm.Name, put))
}

func (d Deps) delete(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Realms.Delete(r.Context(), r.Author, r.Realm.Name))
}

// events shows which events the realm keeps. Whoever may not view the realm sees it too.
func (d Deps) events(w http.ResponseWriter, r *rest.Request) error {
	o, err := d.shown(r.Context(), r.Realm, permit.All)
	if err != nil {
		return err
	}
	return rest.JSON(w, keycloak.RealmEvents(o))
}

func (d Deps) setEvents(w http.ResponseWriter, r *rest.Request) error {
	put, err := r.Body("RealmEventsConfig")
	if err != nil {
		return err
	}
	return rest.Done(w, d.Realms.SetEvents(r.Context(), r.Author, r.Realm.Name, put))
}
