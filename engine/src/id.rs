//! Typed dense ids and the map indexed by them. Ids are handed out by [`crate::graph::GraphBuilder`] in the order things
//! were added, so "lowest id first" means "order of the input". No logic lives here.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A dense id: the n-th thing of its kind.
pub trait DenseId: Copy + Ord {
    /// The id of the `index`-th thing.
    fn from_index(index: usize) -> Self;
    /// The position of the thing, counted from zero.
    fn index(self) -> usize;
}

macro_rules! dense_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The id of the `index`-th thing of this kind.
            ///
            /// # Panics
            /// If `index` does not fit 32 bits.
            pub fn from_index(index: usize) -> Self {
                Self(u32::try_from(index).expect("invariant: a graph holds fewer than 2^32 things of a kind"))
            }

            /// The position of the thing, counted from zero.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl DenseId for $name {
            fn from_index(index: usize) -> Self {
                Self::from_index(index)
            }

            fn index(self) -> usize {
                self.index()
            }
        }
    };
}

dense_id! {
    /// A node of a graph or plan.
    NodeId
}
dense_id! {
    /// An edge of a graph or plan.
    EdgeId
}
dense_id! {
    /// A named capacity.
    PoolId
}
dense_id! {
    /// A share of one or more pools, held by one or more nodes together.
    LeaseId
}

/// A map with an entry for every id of a kind, stored as a vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenseMap<K, V> {
    values: Vec<V>,
    key: PhantomData<fn(K) -> K>,
}

impl<K: DenseId, V> DenseMap<K, V> {
    /// A map whose n-th value belongs to the n-th id.
    pub fn from_values(values: Vec<V>) -> Self {
        Self { values, key: PhantomData }
    }

    /// A map with `len` copies of `value`.
    pub fn filled(value: V, len: usize) -> Self
    where
        V: Clone,
    {
        Self::from_values(vec![value; len])
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value of `key`, if the map reaches that far.
    pub fn get(&self, key: K) -> Option<&V> {
        self.values.get(key.index())
    }

    /// All ids, ascending.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = K> + ExactSizeIterator + use<K, V> {
        (0..self.values.len()).map(K::from_index)
    }

    /// All values in id order.
    pub fn values(&self) -> &[V] {
        &self.values
    }

    /// All entries in id order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (K, &V)> + ExactSizeIterator {
        self.values.iter().enumerate().map(|(index, value)| (K::from_index(index), value))
    }

    /// Appends a value and returns its id.
    pub fn push(&mut self, value: V) -> K {
        self.values.push(value);
        K::from_index(self.values.len() - 1)
    }
}

impl<K: DenseId, V> Index<K> for DenseMap<K, V> {
    type Output = V;

    fn index(&self, key: K) -> &V {
        &self.values[key.index()]
    }
}

impl<K: DenseId, V> IndexMut<K> for DenseMap<K, V> {
    fn index_mut(&mut self, key: K) -> &mut V {
        &mut self.values[key.index()]
    }
}
