/**
 * A lease: the right to write to a session until somebody else gets a newer one (C4). It ends by itself when its owner no longer renews
 * it; its fencing number then keeps an owner that wakes up late from writing. (M. Kleppmann, "How to do distributed locking".)
 */
export {};
