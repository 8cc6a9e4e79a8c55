"""An invented city of any size: areas, homes, households, people with documents and phones, as an import leaves them."""
