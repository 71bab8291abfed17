"""Amazon Pipeline: a seller's own Amazon data, pulled, checked, modelled and served."""
