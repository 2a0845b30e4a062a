package node

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Catalog is the set of node types of a service, found by name or alias. It is immutable and safe for concurrent use.
type Catalog struct {
	specs   []*Spec
	byName  map[string]*Spec
	names   []string
	version string
}

// NewCatalog makes a catalogue of the families and refuses a name that is given twice. Version is part of the key under
// which plans are cached.
func NewCatalog(version string, families ...[]Spec) (*Catalog, error) {
	c := &Catalog{byName: make(map[string]*Spec), version: version}
	var errs []error
	for _, family := range families {
		for i := range family {
			errs = append(errs, c.add(&family[i]))
		}
	}
	slices.SortFunc(c.specs, func(a, b *Spec) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(c.names)
	return c, errors.Join(errs...)
}

func (c *Catalog) add(s *Spec) error {
	if s.params == nil {
		return fmt.Errorf("node type %q isn't made with Define", s.Name)
	}
	for _, name := range s.Names() {
		if other, taken := c.byName[name]; taken {
			return fmt.Errorf("node type name %q is taken by %s and %s", name, other.Name, s.Name)
		}
		c.byName[name] = s
		c.names = append(c.names, name)
	}
	c.specs = append(c.specs, s)
	return nil
}

// Lookup finds a type by its canonical name or an alias.
func (c *Catalog) Lookup(name string) (*Spec, bool) {
	s, ok := c.byName[name]
	return s, ok
}

// Specs returns every type, sorted by canonical name. The slice is shared and read-only.
func (c *Catalog) Specs() []*Spec { return c.specs }

// Names returns every accepted name, aliases too, sorted. The slice is shared and read-only.
func (c *Catalog) Names() []string { return c.names }

// Version returns the catalogue's version.
func (c *Catalog) Version() string { return c.version }
