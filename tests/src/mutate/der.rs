//! DER as a tree that can be changed anywhere and written again with its lengths right.

/// An element; what a string of octets or bits encloses is taken for its children where
/// it is DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The identifier octet.
    pub tag: u8,
    /// What is inside.
    pub inside: Inside,
}

/// The contents of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inside {
    /// Octets.
    Octets(Vec<u8>),
    /// Elements.
    Nodes(Vec<Node>),
    /// Elements in a BIT STRING, behind its count of unused bits.
    Bits(Vec<Node>),
}

/// How deep elements are told apart.
const DEPTH: usize = 24;

impl Node {
    /// An element with octets.
    pub fn octets(tag: u8, octets: impl Into<Vec<u8>>) -> Self {
        Node {
            tag,
            inside: Inside::Octets(octets.into()),
        }
    }

    /// An element with elements.
    pub fn nodes(tag: u8, nodes: Vec<Node>) -> Self {
        Node {
            tag,
            inside: Inside::Nodes(nodes),
        }
    }

    /// Reads one element, of which the text consists.
    pub fn read(der: &[u8]) -> Option<Self> {
        match read_all(der, DEPTH)?.as_slice() {
            [node] => Some(node.clone()),
            _ => None,
        }
    }

    /// Writes it.
    pub fn write(&self) -> Vec<u8> {
        let contents = match &self.inside {
            Inside::Octets(octets) => octets.clone(),
            Inside::Nodes(nodes) => nodes.iter().flat_map(Node::write).collect(),
            Inside::Bits(nodes) => std::iter::once(0)
                .chain(nodes.iter().flat_map(Node::write))
                .collect(),
        };
        crate::differential::generate::der::element(self.tag, contents)
    }

    /// The elements inside.
    pub fn children(&self) -> &[Node] {
        match &self.inside {
            Inside::Octets(_) => &[],
            Inside::Nodes(nodes) | Inside::Bits(nodes) => nodes,
        }
    }

    /// The elements inside, to be changed.
    pub fn children_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.inside {
            Inside::Octets(_) => None,
            Inside::Nodes(nodes) | Inside::Bits(nodes) => Some(nodes),
        }
    }

    /// How many elements it has, itself among them.
    pub fn count(&self) -> usize {
        1 + self.children().iter().map(Node::count).sum::<usize>()
    }

    /// The element of this number, in the order in which they are written.
    pub fn at_mut(&mut self, number: usize) -> Option<&mut Node> {
        let mut left = number;
        self.descend(&mut left)
    }

    fn descend(&mut self, left: &mut usize) -> Option<&mut Node> {
        if *left == 0 {
            return Some(self);
        }
        *left -= 1;
        self.children_mut()?
            .iter_mut()
            .find_map(|child| child.descend(left))
    }
}

fn read_all(mut der: &[u8], depth: usize) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    while !der.is_empty() {
        let (node, rest) = read_one(der, depth)?;
        nodes.push(node);
        der = rest;
    }
    Some(nodes)
}

fn read_one(der: &[u8], depth: usize) -> Option<(Node, &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let fold = |length, octet: &u8| length << 8 | usize::from(*octet);
            (octets.iter().fold(0, fold), rest)
        }
        _ => return None,
    };
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (contents, rest) = rest.split_at_checked(length)?;
    let inner = |contents: &[u8]| match depth {
        0 => None,
        _ => read_all(contents, depth - 1).filter(|nodes| !nodes.is_empty()),
    };
    let inside = match (tag, contents) {
        (0x03, [0, bits @ ..]) => inner(bits).map(Inside::Bits),
        (0x04, _) => inner(contents).map(Inside::Nodes),
        _ if tag & 0x20 != 0 => inner(contents).map(Inside::Nodes),
        _ => None,
    };
    let inside = inside.unwrap_or_else(|| Inside::Octets(contents.to_vec()));
    Some((Node { tag, inside }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsed_der_encodes_to_the_same() {
        let der = [
            0x30, 14, 0x03, 5, 0, 0x30, 2, 0x05, 0, 0x04, 3, 0x02, 1, 7, 0x80, 0,
        ];
        let mut node = Node::read(&der).unwrap();
        assert_eq!(node.write(), der);
        assert_eq!(node.count(), 7);
        let octets: Vec<u8> = (0..7).filter_map(|at| Some(node.at_mut(at)?.tag)).collect();
        assert_eq!(octets, [0x30, 0x03, 0x30, 0x05, 0x04, 0x02, 0x80]);
        assert!(node.at_mut(7).is_none());
        assert!(Node::read(&der[..13]).is_none());
    }
}
